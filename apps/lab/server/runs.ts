import { randomUUID } from 'node:crypto'
import { runScenario } from '../measure/run-scenario.ts'
import type { Lab } from '../scenarios/lab.ts'
import type { Frame, RunEvent } from '../scenarios/live.ts'
import type { Settings } from '../scenarios/parameters.ts'
import type { Fact, RunResult } from '../scenarios/run-result.ts'
import type { Scenario } from '../scenarios/scenario.ts'

export type RunListener = (event: RunEvent) => void

/** A run on the server: watched by any number of pages, or by none. */
export interface Run {
  readonly id: string
  readonly scenario: string
  readonly settings: Settings
  readonly state: 'running' | 'done' | 'failed'
  readonly frame: Frame | undefined
  readonly notes: readonly string[]
  readonly result: RunResult | undefined
  readonly message: string | undefined
  /** Calls `listener` for every event from now on, until the returned function is called. */
  watch(listener: RunListener): () => void
  /** Does something to it. `false`: its scenario has no such action, or it is over. */
  act(action: string): boolean
  /** Ends it early; what was measured is kept. */
  stop(): void
  readonly ended: Promise<void>
}

export interface Runs {
  readonly active: Run | undefined
  get(id: string): Run | undefined
  /** Only one run goes on at a time, since two would measure each other: call it only when there is no `active` one. */
  start(scenario: Scenario, settings: Settings, lab: Lab, environment: readonly Fact[]): Run
  close(): Promise<void>
}

const keptRuns = 20

export function createRuns(onChange: (active: Run | undefined) => void = () => undefined): Runs {
  const runs = new Map<string, Run>()
  let active: Run | undefined
  return {
    get active() {
      return active
    },
    get: (id) => runs.get(id),
    start(scenario, settings, lab, environment) {
      const run = startRun(scenario, settings, lab, environment)
      active = run
      runs.set(run.id, run)
      for (const id of runs.keys()) if (runs.size > keptRuns) runs.delete(id)
      onChange(run)
      run.ended.then(() => {
        if (active === run) active = undefined
        onChange(active)
      })
      return run
    },
    async close() {
      active?.stop()
      await active?.ended
    },
  }
}

function startRun(scenario: Scenario, settings: Settings, lab: Lab, environment: readonly Fact[]): Run {
  const listeners = new Set<RunListener>()
  const controller = new AbortController()
  const notes: string[] = []
  let hear: ((action: string) => void) | undefined
  let state: Run['state'] = 'running'
  let frame: Frame | undefined
  let result: RunResult | undefined
  let message: string | undefined

  const onEvent = (event: RunEvent) => {
    if (event.type === 'frame') frame = event.frame
    if (event.type === 'note') notes.push(event.text)
    for (const listener of listeners) listener(event)
  }
  const onListener = (listener: (action: string) => void) => {
    hear = listener
  }
  const work = async () => {
    try {
      result = await runScenario({ scenario, settings, lab, environment, signal: controller.signal, onEvent, onListener })
      state = 'done'
      onEvent({ type: 'done' })
    } catch (error) {
      state = 'failed'
      message = error instanceof Error ? error.message : String(error)
      onEvent({ type: 'failed', message })
    }
  }
  return {
    id: randomUUID(),
    scenario: scenario.id,
    settings,
    get state() {
      return state
    },
    get frame() {
      return frame
    },
    notes,
    get result() {
      return result
    },
    get message() {
      return message
    },
    watch(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    act(action) {
      if (state !== 'running' || hear === undefined || !scenario.actions?.some(({ id }) => id === action)) return false
      hear(action)
      return true
    },
    stop: () => controller.abort(),
    ended: work(),
  }
}
