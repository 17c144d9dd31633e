import type { Lab } from './lab.ts'
import type { Outcome, Station } from './outcome.ts'
import type { ParameterSchema, Values } from './parameters.ts'
import type { Check, Exhibit, MetricSpec, RunResult, Series, Table, Timeline, Verdict } from './run-result.ts'

/**
 * A scenario is data plus one function: texts, parameters and lanes, and `run`, which does the work and hands back what it found.
 * Whoever writes one writes one file here and adds it to `index.ts`; page, command line, saving and comparing come by themselves.
 *
 * Texts are plain, with `code` between backticks and **weight** between double asterisks.
 */
export interface Scenario<S extends ParameterSchema = ParameterSchema> {
  /** In addresses and commands: lower case and hyphens. */
  readonly id: string
  /** Number of the module on the board. */
  readonly module: number
  readonly title: string
  /** What a practitioner would ask. One sentence. */
  readonly question: string
  readonly minutes: number
  /** What the reader must know before guessing. One to three paragraphs. */
  readonly story: readonly string[]
  readonly guess: { readonly prompt: string; readonly options: readonly { readonly id: string; readonly label: string }[] }
  readonly parameters: S
  /** Values with which a run takes some ten seconds, for the tour. Default: the parameters' own. */
  readonly quick?: Partial<Values<S>>
  /** Labels of the places requests travel to. */
  readonly stations: Readonly<Record<Station, string>>
  /** What outcomes mean here, where the usual words do not fit. */
  readonly words?: Words
  /** Two to six. The first is what the others are compared with. */
  readonly lanes: readonly LaneSpec<S>[]
  /** What the reader may do to the run while it goes on. Default: nothing. */
  readonly actions?: readonly Action[]
  /** How it is measured, so that a sceptic can judge it. */
  readonly method: readonly string[]
  /** What is a model and not a measurement; empty when nothing is. */
  readonly modelled: readonly string[]
  readonly takeHome: TakeHome<S>
  readonly quiz: Quiz
  /** What can be looked at before and after the run: SQL, plans, commands. Kept in the result. */
  exhibits(lab: Lab, parameters: Values<S>): Promise<readonly Exhibit[]>
  /** Measures. Ends early, with what it has, when `context.signal` fires. */
  run(context: RunContext<S>): Promise<Finding>
}

export interface LaneSpec<S extends ParameterSchema = ParameterSchema> {
  readonly id: string
  readonly label: string
  readonly about: string
  /** Where its requests can go, beginning with the app. */
  readonly path: readonly Station[]
  /** Whether it runs with these parameters. Default: always. */
  isWanted?(parameters: Values<S>): boolean
}

export type Words = Readonly<Partial<Record<Outcome, { readonly label: string; readonly about: string }>>>

/** A button beside a run that goes on. */
export interface Action {
  readonly id: string
  readonly label: string
  /** What it does, in a few words. */
  readonly about: string
}

export interface TakeHome<S extends ParameterSchema = ParameterSchema> {
  /** The lines to paste. */
  code(parameters: Values<S>): string
  /** What to watch in production. */
  readonly metric: string
  /** The setting that matters most, and how to choose it. */
  readonly setting: string
  /** A page of the documentation, as a path in the repository; shown only if it is there. */
  readonly docs?: { readonly title: string; readonly path: string }
}

export interface Quiz {
  readonly question: string
  /** Each says why it is right or wrong. */
  readonly options: readonly { readonly label: string; readonly isRight: boolean; readonly because: string }[]
}

export interface RunContext<S extends ParameterSchema = ParameterSchema> {
  readonly lab: Lab
  readonly parameters: Values<S>
  readonly seed: number
  /** Fires when somebody ends the run. */
  readonly signal: AbortSignal
  /** The lanes that run with these parameters, in their order. */
  readonly lanes: readonly LaneRecorder[]
  /** Says what is going on. `fraction` is 0 to 1. */
  progress(fraction: number, activity: string): void
  /** Something the reader must know to read the figures rightly. */
  note(text: string): void
  /** Calls `listener` when the reader does something to the run. */
  onAction(listener: (id: string) => void): void
  /** Shows timelines while they grow: `draw` is asked for each frame. */
  show(draw: () => readonly Timeline[]): void
}

/** Where a scenario writes down what its lane did; the live view and the result are made of it. */
export interface LaneRecorder {
  readonly id: string
  readonly label: string
  readonly requests: number
  /** Marks this lane as the one that works just now. */
  isWorking: boolean
  /** One request. */
  record(outcome: Outcome, ms: number): void
  count(outcome: Outcome): number
  meanMs(outcome?: Outcome): number | null
  /** `null` when fewer than five samples lie beyond it. */
  percentileMs(quantile: number): number | null
}

export interface Finding {
  readonly verdict: Verdict
  readonly guess?: RunResult['guess']
  readonly metrics: readonly MetricSpec[]
  /** By lane, then by metric. */
  readonly figures: Readonly<Record<string, Readonly<Record<string, number | null>>>>
  readonly series?: readonly Series[]
  readonly timelines?: readonly Timeline[]
  readonly tables?: readonly Table[]
  readonly checks?: readonly Check[]
}

/** Keeps the types of a scenario's parameters, and forgets them for the list of all. */
export function defineScenario<const S extends ParameterSchema>(scenario: Scenario<S>): Scenario {
  return scenario as unknown as Scenario
}

/** The lanes that run with these parameters. */
export function wantedLanes<S extends ParameterSchema>({ lanes }: Scenario<S>, parameters: Values<S>): readonly LaneSpec<S>[] {
  return lanes.filter((lane) => lane.isWanted?.(parameters) ?? true)
}
