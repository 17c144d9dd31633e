import type { Lab } from '../scenarios/lab.ts'
import type { RunEvent } from '../scenarios/live.ts'
import type { Settings } from '../scenarios/parameters.ts'
import { type Fact, type LaneResult, type RunResult, resultFormat, resultVersion, type Timeline } from '../scenarios/run-result.ts'
import { type Finding, type Scenario, wantedLanes } from '../scenarios/scenario.ts'
import { Recorder } from './recorder.ts'

export interface RunOptions {
  readonly scenario: Scenario
  readonly settings: Settings
  readonly lab: Lab
  readonly environment: readonly Fact[]
  readonly signal: AbortSignal
  onEvent(event: RunEvent): void
  /** Hands the scenario's listener to whoever has the buttons. */
  onListener?(listener: (action: string) => void): void
}

const frameEveryMs = 125

/** Runs one scenario from beginning to end: the same for the page, the command line and the tests. */
export async function runScenario({ scenario, settings, lab, environment, signal, onEvent, onListener }: RunOptions): Promise<RunResult> {
  const { parameters, seed } = settings
  const startedAt = new Date().toISOString()
  const startMs = performance.now()
  const lanes = wantedLanes(scenario, parameters).map(({ id, label }) => new Recorder(id, label))
  const notes: string[] = []
  let [progress, activity] = [0, 'getting ready']
  let draw: () => readonly Timeline[] = () => []

  const sendFrame = () => {
    const elapsedMs = performance.now() - startMs
    const frame = { elapsedMs, progress, activity, lanes: lanes.map((lane) => lane.frame()), timelines: draw() }
    onEvent({ type: 'frame', frame })
  }
  sendFrame()
  const ticker = setInterval(sendFrame, frameEveryMs)
  try {
    const exhibits = await scenario.exhibits(lab, parameters)
    const finding = await scenario.run({
      lab,
      parameters,
      seed,
      signal,
      lanes,
      progress(fraction, text) {
        progress = fraction
        activity = text
      },
      note(text) {
        notes.push(text)
        onEvent({ type: 'note', text })
      },
      onAction: (listener) => onListener?.(listener),
      show(timelines) {
        draw = timelines
      },
    })
    sendFrame()
    return {
      format: resultFormat,
      version: resultVersion,
      scenario: scenario.id,
      title: scenario.title,
      parameters,
      seed,
      startedAt,
      durationMs: performance.now() - startMs,
      status: signal.aborted ? 'stopped' : 'done',
      environment,
      verdict: finding.verdict,
      ...(finding.guess === undefined ? {} : { guess: finding.guess }),
      lanes: lanes.map((lane) => laneResult(lane, finding)),
      metrics: finding.metrics,
      series: finding.series ?? [],
      timelines: finding.timelines ?? [],
      tables: finding.tables ?? [],
      checks: finding.checks ?? [],
      notes,
      exhibits,
    }
  } finally {
    clearInterval(ticker)
  }
}

function laneResult(lane: Recorder, finding: Finding): LaneResult {
  return {
    id: lane.id,
    label: lane.label,
    requests: lane.requests,
    outcomes: lane.outcomes(),
    latency: lane.latency(),
    histogram: lane.histogram(),
    metrics: finding.figures[lane.id] ?? {},
  }
}
