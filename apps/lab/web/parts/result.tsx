import { formatDuration, formatMoment } from '../../format/number.ts'
import type { ScenarioDescription } from '../../scenarios/description.ts'
import { toText } from '../../scenarios/parameters.ts'
import type { Check, RunResult } from '../../scenarios/run-result.ts'
import type { RunState } from '../state/run.ts'
import { Comparison } from './comparison.tsx'
import { DataTable, Metrics, Percentiles } from './figures.tsx'
import { Inline } from './inline.tsx'
import { SeriesChart } from './series-chart.tsx'
import { TimelineChart } from './timeline-chart.tsx'
import { Verdict } from './verdict.tsx'

export interface ResultProps {
  readonly scenario: ScenarioDescription
  readonly guessed: string | undefined
  readonly state: RunState
}

/** What the run found, or where it will stand. */
export function Result({ scenario, guessed, state }: ResultProps) {
  if (state.phase !== 'done') return <p class="muted awaiting">{waitingText(state)}</p>
  const { id, result } = state
  const lanes = result.lanes.map((lane) => ({ ...lane, about: '', isWorking: false }))
  return (
    <div class="result" data-run={id}>
      <Verdict result={result} guess={scenario.guess} guessed={guessed} />
      {result.notes.length > 0 && (
        <ul class="notes">
          {result.notes.map((note) => (
            <li key={note}>
              <Inline text={note} />
            </li>
          ))}
        </ul>
      )}
      {result.timelines.map((timeline) => (
        <TimelineChart key={timeline.id} timeline={timeline} />
      ))}
      <Percentiles lanes={lanes} />
      <Metrics result={result} />
      {result.series.map((series) => (
        <SeriesChart key={series.id} series={series} />
      ))}
      {result.tables.length > 0 && (
        <details class="exhibit more-figures">
          <summary>More figures</summary>
          {result.tables.map((table) => (
            <DataTable key={table.id} table={table} />
          ))}
        </details>
      )}
      <Checks checks={result.checks} />
      <Provenance result={result} />
      <div class="keep">
        <a class="button quiet" href={`/api/runs/${id}/file`} download>
          Save this run as JSON
        </a>
        <Comparison result={result} />
      </div>
    </div>
  )
}

function waitingText({ phase }: RunState): string {
  if (phase === 'running' || phase === 'starting') return 'The verdict comes when all lanes have ended.'
  if (phase === 'failed' || phase === 'lost') return 'There is no result. Run it again.'
  return 'Nothing has been measured yet: run it above.'
}

function Checks({ checks }: { checks: readonly Check[] }) {
  if (checks.length === 0) return null
  return (
    <div class="checks">
      <h3>Checked</h3>
      <ul>
        {checks.map(({ name, value, required, ok }) => (
          <li key={name} class={ok ? 'is-ok' : 'is-broken'}>
            <span class="check-mark" aria-hidden="true">
              {ok ? '✓' : '✕'}
            </span>
            <span>
              <span class="unseen">{ok ? 'Holds: ' : 'Does not hold: '}</span>
              {name}: <b>{value}</b> <span class="muted">(required: {required})</span>
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}

function Provenance({ result }: { result: RunResult }) {
  const { startedAt, durationMs, seed, parameters, environment } = result
  const settings = Object.entries(parameters).map(([name, value]) => `${name} ${toText(value)}`)
  return (
    <p class="provenance">
      Measured on {formatMoment(startedAt)} in {formatDuration(durationMs)}, with {settings.join(', ')}, seed {seed}; on{' '}
      {environment
        .filter(({ id }) => id !== 'data')
        .map(({ value }) => value)
        .join(', ')}
      .
    </p>
  )
}
