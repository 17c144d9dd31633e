import { serverFromEnv, startStandalone } from '@tiercel/test-servers'
import { explainQuery } from '../airport/explain.ts'
import { type OpenAirport, openAirport } from '../airport/open.ts'
import { type QueryId, queries } from '../airport/queries.ts'
import type { AirportDatabase, AirportQuery, Lab, ValkeyServer } from '../scenarios/lab.ts'
import type { Fact } from '../scenarios/run-result.ts'
import { databaseFacts, machineFacts, valkeyFact } from './facts.ts'
import type { Preparation, Step } from './preparation.ts'

export interface RunningLabOptions {
  /** Size of the airport; 1 is about 300,000 bookings. */
  readonly scale?: number
  onChange?(preparation: Preparation): void
}

/** The servers behind the lab, from the first moment of their start to the end. */
export interface RunningLab {
  readonly preparation: Preparation
  /** Everything known so far. */
  readonly facts: readonly Fact[]
  /** Resolves when all is there; rejects with the reason when it cannot be. */
  readonly ready: Promise<Lab>
  /** The lab, once it is ready. */
  readonly lab: Lab | undefined
  /** Ends what was started, also while it still starts. May be called twice. */
  close(): Promise<void>
}

export function startLab({ scale = 1, onChange }: RunningLabOptions = {}): RunningLab {
  const facts: Fact[] = machineFacts()
  const steps: Record<Step['id'], Step> = {
    valkey: { id: 'valkey', label: 'Valkey', state: 'waiting', detail: '' },
    database: { id: 'database', label: 'Airport database', state: 'waiting', detail: '' },
  }
  const started: (() => Promise<void>)[] = []
  let isClosing = false
  const whenClosing = (stop: () => Promise<void>) => {
    if (isClosing) void stop()
    else started.push(stop)
  }
  let state: Preparation['state'] = 'preparing'
  let lab: Lab | undefined
  let closed: Promise<void> | undefined

  const preparation = (): Preparation => ({ state, steps: Object.values(steps) })
  const update = (id: Step['id'], change: Partial<Step>) => {
    steps[id] = { ...steps[id], ...change }
    onChange?.(preparation())
  }
  const during = async <T>(id: Step['id'], work: () => Promise<{ value: T; detail: string }>): Promise<T> => {
    update(id, { state: 'running', detail: 'starting' })
    try {
      const { value, detail } = await work()
      const { fraction: _done, ...step } = steps[id]
      steps[id] = step
      update(id, { state: 'done', detail })
      return value
    } catch (error) {
      update(id, { state: 'failed', detail: error instanceof Error ? error.message : String(error) })
      throw error
    }
  }

  const start = async (): Promise<Lab> => {
    const starting = [
      during('valkey', () => openValkey(facts, whenClosing, (detail) => update('valkey', { detail }))),
      during('database', () => openDatabase(scale, facts, whenClosing, (detail, fraction) => update('database', { detail, fraction }))),
    ] as const
    const [valkey, airport] = await Promise.allSettled(starting)
    if (valkey.status === 'rejected' || airport.status === 'rejected') {
      state = 'failed'
      onChange?.(preparation())
      throw valkey.status === 'rejected' ? valkey.reason : (airport as PromiseRejectedResult).reason
    }
    lab = { valkey: valkey.value, airport: airport.value }
    state = 'ready'
    onChange?.(preparation())
    return lab
  }
  const ready = start()
  ready.catch(() => undefined)

  return {
    get preparation() {
      return preparation()
    },
    get facts() {
      return facts
    },
    get lab() {
      return lab
    },
    ready,
    close() {
      isClosing = true
      closed ??= Promise.all(started.map((stop) => stop()))
        .then(() => ready)
        .then(
          () => undefined,
          () => undefined,
        )
      return closed
    },
  }
}

async function openValkey(
  facts: Fact[],
  whenClosing: (stop: () => Promise<void>) => void,
  onProgress: (message: string) => void,
): Promise<{ value: ValkeyServer; detail: string }> {
  const external = await serverFromEnv()
  const server = external ?? (await startStandalone({ onProgress }))
  whenClosing(() => server.stop())
  const fact = valkeyFact(server, external === undefined)
  facts.push(fact)
  return { value: { url: server.url, label: fact.value }, detail: fact.value }
}

async function openDatabase(
  scale: number,
  facts: Fact[],
  whenClosing: (stop: () => Promise<void>) => void,
  onProgress: (detail: string, fraction: number) => void,
): Promise<{ value: AirportDatabase; detail: string }> {
  const airport = await openAirport({
    scale,
    onProgress: ({ step, table, done, total }) =>
      onProgress(table === undefined ? step : `${table}: ${step}`, total === 0 ? 0 : done / total),
  })
  whenClosing(() => airport.close())
  facts.push(...databaseFacts(airport, airport.facts.rows, airport.facts.seed, airport.facts.scale))
  return { value: databaseOf(airport), detail: airport.label }
}

function databaseOf(airport: OpenAirport): AirportDatabase {
  const { rows } = airport.facts
  const described = Object.values(queries).map((query): [QueryId, AirportQuery] => {
    const { id, title, answers, sql } = query
    return [id, { id, title, answers, sql, distinct: query.distinct(rows), valuesOf: (rank) => query.paramsOf(rank, rows) }]
  })
  return {
    label: airport.label,
    isSingleConnection: airport.kind === 'embedded',
    queries: Object.fromEntries(described) as Record<QueryId, AirportQuery>,
    query: (sql, values) => airport.pool.query(sql, [...values]),
    explain: async (id, values) => (await explainQuery(airport.pool, queries[id], values)).text,
  }
}
