import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import type { ScenarioDescription } from '../../scenarios/description.ts'
import { type Outcome, outcomeFacts, outcomes } from '../../scenarios/outcome.ts'
import type { Settings } from '../../scenarios/parameters.ts'
import { quantiles } from '../../scenarios/run-result.ts'
import { isHeard, lab } from '../state/connection.ts'
import { actOnRun, joinRun, onRunMarks, type RunState, run, startRun, stopRun } from '../state/run.ts'
import { tour, tourSteps } from '../state/tour.ts'
import { FlowStrip } from './flow-strip.tsx'
import type { LaneView } from './lane-view.ts'
import { LatencyChart } from './latency-chart.tsx'
import { OutcomeIcon } from './outcome-icon.tsx'
import { Preparing } from './preparing.tsx'
import { SettingsForm } from './settings-form.tsx'
import { TierBars } from './tier-bars.tsx'
import { TimelineChart } from './timeline-chart.tsx'

export interface ExperimentProps {
  readonly scenario: ScenarioDescription
  readonly settings: Settings
  readonly problems: readonly string[]
  /** Lanes that run with these settings, once it is known. */
  readonly laneIds: readonly string[] | undefined
  onChange(settings: Settings): void
}

/** The stage: settings, the run, and what can be seen of it while it goes on. */
export function Experiment({ scenario, settings, problems, laneIds, onChange }: ExperimentProps) {
  const state = run.value
  const isBusy = state.phase === 'starting' || state.phase === 'running'
  const lanes = laneViews(scenario, state, laneIds)
  useTourRun(scenario, settings)
  return (
    <div class="wide">
      <h2 id="experiment-title">Run it</h2>
      {problems.length > 0 && (
        <div class="notice" role="status">
          <p>The address asks for what cannot be had; this has its default instead.</p>
          <ul>
            {problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </div>
      )}
      <SettingsForm schema={scenario.parameters} settings={settings} isLocked={isBusy} onChange={onChange} />
      <RunBar scenario={scenario} settings={settings} state={state} onJoin={onChange} />
      <Live scenario={scenario} state={state} />
      <div class={state.phase === 'idle' ? 'lanes is-idle' : 'lanes'} aria-busy={isBusy}>
        <FlowStrip
          rows={lanes.map(({ id, label, path }) => ({ id, label, path }))}
          labels={scenario.stations}
          everyMs={125}
          listen={onRunMarks}
        />
        <Legend lanes={lanes} words={scenario.words} />
        <LatencyChart lanes={lanes} />
        <TierBars lanes={lanes} />
      </div>
    </div>
  )
}

/** On the tour, the run starts when its turn comes. */
function useTourRun(scenario: ScenarioDescription, settings: Settings): void {
  const now = tour.value
  const isReady = lab.value.preparation.state === 'ready'
  const isTurn = now !== undefined && tourSteps[now.step]?.stays === 'run'
  useEffect(() => {
    if (isTurn && isReady && run.peek().phase === 'idle') void startRun(scenario.id, settings)
  }, [isTurn, isReady])
}

type StagedLane = LaneView & Pick<ScenarioDescription['lanes'][number], 'path'>

function laneViews(scenario: ScenarioDescription, state: RunState, laneIds: readonly string[] | undefined): StagedLane[] {
  const measured = 'result' in state ? state.result.lanes : 'frame' in state ? (state.frame?.lanes ?? []) : []
  const ids = measured.length > 0 ? measured.map(({ id }) => id) : laneIds
  return scenario.lanes
    .filter(({ id }) => ids?.includes(id) ?? true)
    .map((lane) => ({ ...emptyLane, isWorking: false, ...measured.find(({ id }) => id === lane.id), ...lane }))
}

const emptyLane = {
  requests: 0,
  outcomes: Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Record<Outcome, number>,
  latency: {
    count: 0,
    meanMs: null,
    minMs: null,
    maxMs: null,
    percentiles: quantiles.map((quantile) => ({ quantile, ms: null, lowMs: null, highMs: null })),
  },
  histogram: {},
}

interface RunBarProps {
  readonly scenario: ScenarioDescription
  readonly settings: Settings
  readonly state: RunState
  onJoin(settings: Settings): void
}

/** The button, and in words what goes on. */
function RunBar({ scenario, settings, state, onJoin }: RunBarProps) {
  const { preparation, active } = lab.value
  const isReady = preparation.state === 'ready'
  if (!isReady && state.phase === 'idle') return <Preparing preparation={preparation} />
  if (state.phase === 'running') return <Running id={state.id} state={state} />
  const other = state.phase === 'starting' ? null : active
  return (
    <div class="run-bar">
      <button
        type="button"
        class="primary run"
        disabled={!isReady || !isHeard.value || other !== null || state.phase === 'starting'}
        onClick={() => void startRun(scenario.id, settings)}
      >
        {state.phase === 'done' || state.phase === 'failed' || state.phase === 'lost' ? 'Run again' : 'Run'}
      </button>
      <p role="status">{other === null ? idleText(state) : 'Another page has a run going on; two would measure each other.'}</p>
      {other !== null && other.scenario === scenario.id && (
        <button type="button" class="quiet" onClick={() => void joinRun(other.id).then(onJoin)}>
          Watch it
        </button>
      )}
      {other !== null && (
        <button type="button" class="quiet" onClick={() => void stopRun(other.id)}>
          Stop it
        </button>
      )}
    </div>
  )
}

function idleText(state: RunState): ComponentChildren {
  switch (state.phase) {
    case 'starting':
      return 'Starting.'
    case 'done':
      return state.result.status === 'stopped' ? (
        'Stopped; what was measured until then is shown.'
      ) : (
        <>
          Done. <a href="#result">The result is below.</a>
        </>
      )
    case 'refused':
      return `It was not started: ${state.message}`
    case 'failed':
      return `The run failed: ${state.message}`
    case 'lost':
      return 'The server went away during the run. What was measured until then is shown; there is no result.'
    default:
      return ''
  }
}

function Running({ id, state }: { id: string; state: Extract<RunState, { phase: 'running' }> }) {
  const { frame, isStopping } = state
  const percent = Math.round((frame?.progress ?? 0) * 100)
  const activity = isStopping ? 'stopping' : (frame?.activity ?? 'getting ready')
  return (
    <div class="run-bar">
      <button type="button" class="quiet run" disabled={isStopping} onClick={() => void stopRun(id)}>
        Stop
      </button>
      <progress max={100} value={percent} aria-label="Progress of the run" />
      <p role="status">
        {activity} <span class="muted" aria-hidden="true">{`${percent}\u202f%`}</span>
      </p>
    </div>
  )
}

/** What the reader can do to the run, and what comes of it, as it comes. */
function Live({ scenario: { actions }, state }: { scenario: ScenarioDescription; state: RunState }) {
  if (state.phase !== 'running') return null
  const timelines = state.frame?.timelines ?? []
  return (
    <>
      {actions.length > 0 && (
        <fieldset class="actions">
          <legend>Break it, now</legend>
          {actions.map(({ id, label, about }) => (
            <button key={id} type="button" class="quiet" disabled={state.isStopping} onClick={() => void actOnRun(state.id, id)}>
              {label} <span class="muted">{about}</span>
            </button>
          ))}
        </fieldset>
      )}
      {timelines.map((timeline) => (
        <TimelineChart key={timeline.id} timeline={timeline} isLive />
      ))}
    </>
  )
}

/** Names of the marks; only those that a lane of this page can have. */
function Legend({ lanes, words }: { lanes: readonly StagedLane[]; words: ScenarioDescription['words'] }) {
  const shown = outcomes.filter(
    (outcome) =>
      lanes.some((lane) => lane.outcomes[outcome] > 0) ||
      (['l1', 'l2', 'source'].includes(outcome) && lanes.some(({ path }) => path.includes(outcomeFacts[outcome].station))),
  )
  return (
    <ul class="legend">
      {shown.map((outcome) => {
        const { label, about } = words[outcome] ?? outcomeFacts[outcome]
        return (
          <li key={outcome}>
            <OutcomeIcon outcome={outcome} /> <b>{label}</b> <span class="muted">{about}</span>
          </li>
        )
      })}
      <li class="muted legend-note">Each moving mark is one real request out of many. Its speed is drawn.</li>
    </ul>
  )
}
