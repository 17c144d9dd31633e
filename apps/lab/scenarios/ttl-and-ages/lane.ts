import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { openLoop } from '@tiercel/workloads'
import { type Cache, createCache } from 'tiercel'
import { valkeyStore } from 'tiercel/stores/valkey'
import { forgetNamespace } from '../../measure/forget-namespace.ts'
import { type LoadedValue, outcomeOf, waitOutcomes } from '../../measure/outcome-of.ts'
import { Thinned } from '../../measure/thinned.ts'
import type { TimelineRead } from '../run-result.ts'
import type { LaneRecorder, RunContext } from '../scenario.ts'
import { agesOf, type parameters as schema } from './parameters.ts'
import { TroubledSource } from './troubled-source.ts'

export type Context = RunContext<typeof schema>

const keptReads = 600
/** A refresh that an answered call has set off begins within this: it takes a lock before it. */
const setOffMs = 50

/** One lane: readers with a cache each, one key, one source. */
export interface Lane {
  readonly recorder: LaneRecorder
  readonly source: TroubledSource
  readonly reads: Thinned<TimelineRead>
  /** How many reads waited for a load; extremes of all reads. The age when a read was due has nothing of what a busy machine adds to its way. */
  readonly held: { count: number; longestMs: number; oldestMs: number; oldestWhenDueMs: number }
  readonly failures: { first?: unknown }
  /** Resolves when its links are up. */
  connect(): Promise<void>
  /** @param startMs of the run, on `performance.now()` */
  run(startMs: number): Promise<void>
  loadsCounted(): number
  storeErrors(): number
  close(): Promise<void>
}

export function createLane(recorder: LaneRecorder, { lab, parameters, signal }: Context): Lane {
  const namespace = `lab-ages-${randomUUID()}`
  const ages = recorder.id === 'ages' ? agesOf(parameters) : {}
  const caches = Array.from({ length: parameters.readers }, () => {
    return createCache({ namespace, l1: false, l2: valkeyStore(lab.valkey.url, { timeout: '1s' }), ttl: parameters.ttl, ...ages })
  })
  const source = new TroubledSource(parameters)
  const reads = new Thinned<TimelineRead>(keptReads)
  const held = { count: 0, longestMs: 0, oldestMs: 0, oldestWhenDueMs: 0 }
  const failures: Lane['failures'] = {}
  let startMs = 0

  const add = (read: TimelineRead) => {
    const tookMs = Math.max(0, read.answeredMs - read.calledMs)
    recorder.record(read.outcome, tookMs)
    reads.add(read)
    held.longestMs = Math.max(held.longestMs, tookMs)
    held.oldestMs = Math.max(held.oldestMs, read.ageMs ?? 0)
    held.oldestWhenDueMs = Math.max(held.oldestWhenDueMs, (read.ageMs ?? 0) - tookMs)
    if (waitOutcomes.includes(read.outcome)) held.count++
  }
  const readOnce = async (cache: Cache, by: number, calledAtMs: number) => {
    let ownLoad: number | undefined
    let hasSetOff = false
    const calledMs = calledAtMs - startMs
    try {
      const value = await cache.getOrSet<LoadedValue>('key', async () => {
        hasSetOff = true
        const loaded = await source.load(by)
        ownLoad = loaded.number
        return loaded
      })
      const answeredAtMs = performance.now()
      await wait(setOffMs)
      const outcome = outcomeOf(value, { by, calledAtMs, ownLoad, hasSetOff, ttlMs: parameters.ttl })
      add({ by, outcome, calledMs, answeredMs: answeredAtMs - startMs, ageMs: answeredAtMs - value.loadedAtMs })
    } catch (error) {
      failures.first ??= error
      add({ by, outcome: 'error', calledMs, answeredMs: performance.now() - startMs, ageMs: null })
    }
  }
  const sum = (count: (cache: Cache) => number) => caches.reduce((total, cache) => total + count(cache), 0)

  return {
    recorder,
    source,
    reads,
    held,
    failures,
    connect: async () => void (await Promise.all(caches.map((cache) => cache.get('warm-up')))),
    async run(startedAtMs) {
      startMs = startedAtMs
      source.start(startMs)
      await Promise.all(
        caches.map(async (cache, place) => {
          // Readers come one after the other, not all at once.
          await wait((parameters.every * place) / parameters.readers)
          const durationMs = Math.max(0, startMs + parameters.seconds * 1000 - performance.now())
          const run = (_index: number, calledAtMs: number) => readOnce(cache, place + 1, calledAtMs)
          await openLoop({ ratePerSecond: 1000 / parameters.every, durationMs, signal, run })
        }),
      )
      await Promise.all(caches.map((cache) => cache.idle()))
    },
    loadsCounted: () => sum((cache) => cache.stats().loads),
    storeErrors: () => sum((cache) => cache.stats().l2.errors),
    async close() {
      await Promise.all(caches.map((cache) => cache.close()))
      await forgetNamespace(lab.valkey.url, namespace)
    },
  }
}
