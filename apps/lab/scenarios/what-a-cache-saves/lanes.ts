import { randomUUID } from 'node:crypto'
import { createCache } from 'tiercel'
import { valkeyStore } from 'tiercel/stores/valkey'
import { forgetNamespace } from '../../measure/forget-namespace.ts'
import { watchL1Hits } from '../../measure/l1-hits.ts'
import type { Outcome } from '../outcome.ts'
import type { LaneRecorder } from '../scenario.ts'

export type Row = Readonly<Record<string, unknown>>

/** A question: where its answer comes from, and the key under which it is kept. */
export interface Source {
  keyOf(rank: number): readonly (string | number)[]
  ask(rank: number): Promise<readonly Row[]>
}

/** One lane of the run. */
export interface Lane {
  readonly recorder: LaneRecorder
  /** Queries that the lane sent to the database, and the time its requests waited for them. */
  readonly sent: { queries: number; waitedMs: number }
  /** Number `index` of the sequence, for the key of popularity `rank`; hands back how it ended, and never rejects. */
  request(index: number, rank: number): Promise<Outcome>
  /** Makes the lane's code warm without touching its keys. */
  warm(): Promise<void>
  /** The last answers that callers were given for the ranks that are watched, for comparing with the truth. */
  readonly given: ReadonlyMap<number, unknown>
  /** Loads that the lane's own caches have counted since it was warm. */
  loadsCounted(): number
  /** Times that Valkey did not answer within its budget, or at all, and the cache went on without it. */
  storeErrors(): number
  readonly failures: { first?: unknown }
  close(): Promise<void>
}

export function uncachedLane(recorder: LaneRecorder, source: Source): Lane {
  const sent = { queries: 0, waitedMs: 0 }
  const failures: Lane['failures'] = {}
  return {
    recorder,
    sent,
    failures,
    async request(_index, rank) {
      const startMs = performance.now()
      let outcome: Outcome = 'source'
      try {
        await timed(source, sent, rank)
      } catch (error) {
        failures.first ??= error
        outcome = 'error'
      }
      recorder.record(outcome, performance.now() - startMs)
      return outcome
    },
    warm: async () => undefined,
    given: new Map(),
    loadsCounted: () => 0,
    storeErrors: () => 0,
    close: async () => undefined,
  }
}

export interface CachedLaneOptions {
  readonly recorder: LaneRecorder
  readonly source: Source
  readonly valkeyUrl: string
  readonly l1: boolean
  readonly instances: number
  readonly watched: ReadonlySet<number>
  readonly ttl: '1s' | '10s' | '1m' | '5m'
}

export function cachedLane({ recorder, source, valkeyUrl, l1, instances, watched, ttl }: CachedLaneOptions): Lane {
  const namespace = `lab-${randomUUID()}`
  const apps = Array.from({ length: instances }, () => {
    const cache = createCache({
      namespace,
      l1: l1 ? { maxBytes: '64mb' } : false,
      l2: valkeyStore(valkeyUrl, { timeout: '1s' }),
      ttl,
      jitter: 0.1,
    })
    return { cache, loadedAtMs: new Map<number, number>() }
  })
  const sent = { queries: 0, waitedMs: 0 }
  const failures: Lane['failures'] = {}
  const loads = () => apps.reduce((sum, { cache }) => sum + cache.stats().loads, 0)
  const given = new Map<number, unknown>()
  let loadsWhileWarming = 0
  const l1Hits = watchL1Hits(apps.map(({ cache }) => cache))

  return {
    recorder,
    sent,
    failures,
    async request(index, rank) {
      const { cache, loadedAtMs } = apps[index % instances] as (typeof apps)[number]
      let hasLoaded = false
      l1Hits.begin()
      const startMs = performance.now()
      try {
        const answer = cache.getOrSet(source.keyOf(rank), async () => {
          hasLoaded = true
          const rows = await timed(source, sent, rank)
          loadedAtMs.set(rank, performance.now())
          return rows
        })
        const isL1Hit = l1Hits.isHit
        const rows = await answer
        const endMs = performance.now()
        if (watched.has(rank)) given.set(rank, rows)
        const hasJoined = (loadedAtMs.get(rank) ?? Number.NEGATIVE_INFINITY) >= startMs
        const outcome = isL1Hit ? 'l1' : hasLoaded ? 'source' : hasJoined ? 'joined' : 'l2'
        recorder.record(outcome, endMs - startMs)
        return outcome
      } catch (error) {
        failures.first ??= error
        recorder.record('error', performance.now() - startMs)
        return 'error'
      }
    },
    async warm() {
      const value = [{ flight_id: 1, flightno: 'TC1234', seat: '12A' }]
      for (const { cache } of apps) {
        const warming = cache.namespace('warm-up')
        for (let round = 0; round < 400; round++) await warming.getOrSet(['warm', round % 100], async () => value, { ttl: '1s' })
        await warming.idle()
      }
      loadsWhileWarming = loads()
    },
    given,
    loadsCounted: () => loads() - loadsWhileWarming,
    storeErrors: () => apps.reduce((sum, { cache }) => sum + cache.stats().l2.errors, 0),
    async close() {
      await Promise.all(apps.map(({ cache }) => cache.close()))
      await forgetNamespace(valkeyUrl, namespace)
    },
  }
}

async function timed(source: Source, sent: Lane['sent'], rank: number): Promise<readonly Row[]> {
  const startMs = performance.now()
  sent.queries++
  try {
    return await source.ask(rank)
  } finally {
    sent.waitedMs += performance.now() - startMs
  }
}
