import type { Module } from './modules.ts'
import type { Station } from './outcome.ts'
import type { AnyValues, ParameterSchema } from './parameters.ts'
import type { Exhibit } from './run-result.ts'
import type { Action, Quiz, Scenario, Words } from './scenario.ts'

/** A scenario as the page gets it: all of its data, none of its code. */
export interface ScenarioDescription {
  readonly id: string
  readonly module: number
  readonly title: string
  readonly question: string
  readonly minutes: number
  readonly story: readonly string[]
  readonly guess: Scenario['guess']
  readonly parameters: ParameterSchema
  readonly quick: AnyValues
  readonly stations: Readonly<Record<Station, string>>
  readonly lanes: readonly { readonly id: string; readonly label: string; readonly about: string; readonly path: readonly Station[] }[]
  readonly actions: readonly Action[]
  readonly words: Words
  readonly method: readonly string[]
  readonly modelled: readonly string[]
  readonly metric: string
  readonly setting: string
  readonly docs: { readonly title: string; readonly path: string } | null
  readonly quiz: Quiz
}

/** What depends on the parameters and can be seen before a run. */
export interface Preview {
  readonly code: string
  /** Lanes that run with these parameters. */
  readonly lanes: readonly string[]
  /** `null` while the servers are not there, or busy with a run. */
  readonly exhibits: readonly Exhibit[] | null
}

/** The departures board. */
export interface BoardModule extends Omit<Module, 'scenarios'> {
  readonly scenarios: readonly BoardScenario[]
}

export interface BoardScenario {
  readonly title: string
  /** Only what is built has one. */
  readonly open?: { readonly id: string; readonly question: string; readonly minutes: number }
}

export function describe(scenario: Scenario, isDocsPageThere: (path: string) => boolean): ScenarioDescription {
  const { id, module, title, question, minutes, story, guess, parameters, stations, method, modelled, quiz, takeHome } = scenario
  const lanes = scenario.lanes.map(({ id, label, about, path }) => ({ id, label, about, path }))
  const { metric, setting, docs } = takeHome
  return {
    ...{ id, module, title, question, minutes, story, guess, parameters, stations, lanes, method, modelled, quiz, metric, setting },
    actions: scenario.actions ?? [],
    words: scenario.words ?? {},
    quick: (scenario.quick ?? {}) as AnyValues,
    docs: docs !== undefined && isDocsPageThere(docs.path) ? docs : null,
  }
}

export function board(modules: readonly Module[], scenarios: readonly Scenario[]): readonly BoardModule[] {
  return modules.map((module) => ({ ...module, scenarios: module.scenarios.map((title) => boardScenario(title, scenarios)) }))
}

function boardScenario(title: string, scenarios: readonly Scenario[]): BoardScenario {
  const built = scenarios.find((scenario) => scenario.title === title)
  if (built === undefined) return { title }
  const { id, question, minutes } = built
  return { title, open: { id, question, minutes } }
}
