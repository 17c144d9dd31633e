import { useEffect, useState } from 'preact/hooks'
import type { ScenarioDescription } from '../../scenarios/description.ts'
import { defaultSettings, ParameterError, parseSettings, type Settings } from '../../scenarios/parameters.ts'
import { isHeard } from '../state/connection.ts'
import { getJson, RefusedError } from '../state/http.ts'
import { tour } from '../state/tour.ts'
import { ScenarioView } from './scenario-view.tsx'
import { Unknown } from './unknown.tsx'

export interface ScenarioPageProps {
  readonly id: string
  /** Settings as they stand in the address. */
  readonly query: Readonly<Record<string, string>>
}

/** Fetches the scenario, reads the settings, and hands on. */
export function ScenarioPage({ id, query }: ScenarioPageProps) {
  const [description, setDescription] = useState<ScenarioDescription>()
  const [problem, setProblem] = useState<'unknown' | 'silent'>()
  const isServerHeard = isHeard.value
  useEffect(() => {
    if (description !== undefined) return
    getJson<ScenarioDescription>(`/api/scenarios/${id}`).then(
      (loaded) => {
        document.title = `${loaded.title} · Tiercel lab`
        setProblem(undefined)
        setDescription(loaded)
      },
      (error: unknown) => setProblem(error instanceof RefusedError ? 'unknown' : 'silent'),
    )
  }, [id, isServerHeard])

  if (problem === 'unknown') return <Unknown what="There is no such scenario." />
  if (description === undefined) return <div class="column page loading">{problem === 'silent' && <p>The server does not answer.</p>}</div>
  const { settings, problems } = readSettings(description, query)
  return <ScenarioView scenario={description} initial={settings} problems={problems} />
}

/** What makes sense in an address is taken; the rest is named, and has its default. */
function readSettings(
  scenario: ScenarioDescription,
  query: Readonly<Record<string, string>>,
): { settings: Settings; problems: readonly string[] } {
  const defaults = defaultSettings(scenario.parameters)
  const start = tour.peek() === undefined ? defaults : { ...defaults, parameters: { ...defaults.parameters, ...scenario.quick } }
  if (Object.keys(query).length === 0) return { settings: start, problems: [] }
  const problems = Object.entries(query).map(([name, text]) => [name, problemsOf(scenario, { [name]: text })] as const)
  const fine = problems.filter(([, found]) => found.length === 0).map(([name]) => [name, query[name] ?? ''])
  return { settings: parseSettings(scenario.parameters, Object.fromEntries(fine)), problems: problems.flatMap(([, found]) => found) }
}

function problemsOf({ parameters }: ScenarioDescription, texts: Readonly<Record<string, string>>): readonly string[] {
  try {
    parseSettings(parameters, texts)
    return []
  } catch (error) {
    if (error instanceof ParameterError) return error.problems
    throw error
  }
}
