import { setTimeout as delay } from 'node:timers/promises'
import { collectGarbage } from '../runner/measure.ts'
import { defineTrial, type Measurements, type Trial, type TrialContext } from '../runner/suite.ts'
import type { OpenMemory } from '../subjects/memory.ts'
import { TTL_MS } from '../subjects/subject.ts'

const ENTRIES = 1_000_000
const CHURNED_ENTRIES = 10_000
const CHURNED_KEYS = 10_000_000

/** What an entry costs beside its key and its value, and that keys which never come back leave nothing behind. */
export function memoryHeap(subjects: Readonly<Record<string, OpenMemory>>): Trial {
  return defineTrial({
    name: 'heap',
    figures: [
      {
        kind: 'count',
        name: 'bookkeeping',
        title: 'heap and buffers per entry with ttl, 1,000,000 entries, keys and values not counted',
        unit: 'B',
      },
      { kind: 'count', name: 'churn', title: 'growth while 10,000,000 distinct keys pass through 10,000 entries with ttl', unit: 'kB' },
    ],
    subjects,
    measure,
  })
}

async function measure(open: OpenMemory, { effort }: TrialContext): Promise<Measurements> {
  return { churn: await churn(open, CHURNED_KEYS * effort), bookkeeping: await bookkeeping(open, Math.ceil(ENTRIES * effort)) }
}

async function bookkeeping(open: OpenMemory, entries: number): Promise<number> {
  // Flat strings: one that was put together is copied when it is first looked up, and the copy would count as the cache's.
  const keys = Array.from({ length: entries }, (_, id) => Buffer.from(`product:${id}`).toString('latin1'))
  const value = {}
  const before = await heldBytes()
  const cache = await open({ maxEntries: entries, ttlMs: TTL_MS })
  for (const key of keys) cache.set(key, value)
  const bytes = ((await heldBytes()) - before) / entries
  if (cache.size !== entries || cache.get(keys[0] as string) !== value) throw new Error('an entry is missing')
  return bytes
}

async function churn(open: OpenMemory, keys: number): Promise<number> {
  const cache = await open({ maxEntries: CHURNED_ENTRIES, ttlMs: TTL_MS })
  const pass = (from: number, to: number): Promise<number> => {
    for (let id = from; id < to; id++) cache.set(`product:${id}`, id)
    if (cache.size !== CHURNED_ENTRIES) throw new Error(`${cache.size} entries`)
    return heldBytes()
  }
  const early = await pass(0, keys / 10)
  return ((await pass(keys / 10, keys)) - early) / 1024
}

/** Of objects and of typed arrays. The memory of arrays that were collected is given back by another thread, a moment later. */
async function heldBytes(): Promise<number> {
  collectGarbage()
  await delay(200)
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
