import { useEffect, useState } from 'preact/hooks'
import { formatDuration } from '../../format/number.ts'
import { medianOf } from '../../measure/median.ts'
import type { Mark } from '../../scenarios/live.ts'
import { type Outcome, outcomeFacts } from '../../scenarios/outcome.ts'
import { isHeard, lab, onMarks } from '../state/connection.ts'
import { FlowStrip } from './flow-strip.tsx'
import { OutcomeIcon } from './outcome-icon.tsx'
import { Preparing } from './preparing.tsx'

const labels = { app: 'app', l1: 'L1 memory', l2: 'Valkey', source: 'database' } as const
const rows = [{ id: 'board', label: '', path: ['app', 'l1', 'l2', 'source'] as const }]
const rememberedMs = 20_000

/** A few real requests a second, so that the running system can be seen; it rests during a run. */
export function LiveStrip() {
  const { preparation, active } = lab.value
  const recent = useRecentMarks()
  if (preparation.state !== 'ready') {
    return (
      <section class="wide live" aria-label="Getting ready">
        <Preparing preparation={preparation} />
      </section>
    )
  }
  const isResting = active !== null || !isHeard.value
  return (
    <section class="wide live" aria-labelledby="now">
      <h2 id="now" class="unseen">
        Just now
      </h2>
      <FlowStrip size="large" rows={rows} labels={labels} everyMs={500} listen={(add) => onMarks((marks) => add('board', marks))} />
      <div class="live-text">
        <p class="muted">
          {isResting
            ? 'At rest: a run goes on, and nothing must disturb it.'
            : 'Six real requests a second while this page is open: flights, asked for by two app instances that share one Valkey. Their speed is drawn; their times are these.'}
        </p>
        <ul class="live-counts">
          {(['l1', 'l2', 'source'] as const).map((outcome) => (
            <li key={outcome}>
              <OutcomeIcon outcome={outcome} /> {outcomeFacts[outcome].label} <b>{medianText(recent, outcome)}</b>
            </li>
          ))}
        </ul>
      </div>
    </section>
  )
}

/** Requests of the last seconds. */
function useRecentMarks(): readonly Mark[] {
  const [recent, setRecent] = useState<readonly (Mark & { atMs: number })[]>([])
  useEffect(
    () =>
      onMarks((marks) => {
        const atMs = performance.now()
        setRecent((before) => [...before.filter((mark) => atMs - mark.atMs < rememberedMs), ...marks.map((mark) => ({ ...mark, atMs }))])
      }),
    [],
  )
  return recent
}

function medianText(marks: readonly Mark[], outcome: Outcome): string {
  const median = medianOf(marks.filter((mark) => mark.outcome === outcome).map(({ ms }) => ms))
  return median === null ? '–' : formatDuration(median)
}
