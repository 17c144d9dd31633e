import { createRandom, type KeyDistribution, uniform, zipf } from '@tiercel/workloads'
import { collectGarbage, middle, time, turn } from '../runner/measure.ts'
import { defineTrial, type Measurements, type Speed, type Trial, type TrialContext } from '../runner/suite.ts'
import type { Item, OpenCache, OpenedCache } from '../subjects/subject.ts'
import { CountedLoad } from './counted-load.ts'
import { assertItems } from './product.ts'

const KEYS = 10_000
/** Few enough that keys, values and the caches' own tables stay in the processor's cache: beyond it, memory is measured, the same for all. */
const HOT_KEYS = 1_000
const DRAWS = 1 << 16
const PASSES = 5
const WARM_UP_MS = 250
const PASS_MS = 80
/** A server reads its cache a few times and returns to its event loop; a loop that never does would freeze clocks kept per turn. */
const READS_PER_TURN = 1_000

/**
 * `await getOrSet` of a value that this process has, one caller after the other.
 *
 * The values are small: the loop compares each, and fetching large ones from memory would be more of the time than the caches are.
 */
export function l1Hit(subjects: Readonly<Record<string, OpenCache>>, baseline = 'hand-written'): Trial {
  return defineTrial({
    name: 'l1',
    figures: [
      {
        kind: 'speed',
        name: 'l1-hit',
        title: 'awaited L1 hit of getOrSet, 1,000 of 10,000 keys, uniform',
        by: 'cpu',
        baseline,
      },
      {
        kind: 'speed',
        name: 'l1-hit-zipf',
        title: 'awaited L1 hit of getOrSet, all of 10,000 keys, Zipf 0.99',
        by: 'cpu',
        baseline,
      },
      { kind: 'count', name: 'l1-heap', title: 'heap per entry of L1, keys and values not counted unless copied', unit: 'B' },
    ],
    subjects,
    measure,
  })
}

async function measure(open: OpenCache, { url, prefix, effort }: TrialContext): Promise<Measurements> {
  const keys = Array.from({ length: KEYS }, (_, id) => `${prefix}:product:${id}`)
  const items = Array.from({ length: KEYS }, (_, id): Item => ({ id }))
  const loads = new CountedLoad(keys, items)
  const cache = await open({ url, load: loads.load })

  const heap = await heapPerEntry(() => readAll(cache, keys))
  loads.count = 0
  assertItems(await readAll(cache, keys), items)
  const uniformReads = await speed(cache, keys, draw(uniform({ items: HOT_KEYS, random: createRandom('l1') })), effort)
  const zipfReads = await speed(cache, keys, draw(zipf({ items: KEYS, exponent: 0.99, random: createRandom('l1') })), effort)
  loads.assertUnused()
  await cache.close()
  return { 'l1-hit': uniformReads, 'l1-hit-zipf': zipfReads, 'l1-heap': heap }
}

async function readAll(cache: OpenedCache, keys: readonly string[]): Promise<Item[]> {
  const values: Item[] = []
  for (let from = 0; from < KEYS; from += 100)
    values.push(...(await Promise.all(keys.slice(from, from + 100).map((key) => cache.read(key)))))
  return values
}

async function heapPerEntry(work: () => Promise<unknown>): Promise<number> {
  collectGarbage()
  const before = process.memoryUsage()
  await work()
  await turn()
  collectGarbage()
  const after = process.memoryUsage()
  return (after.heapUsed + after.external - before.heapUsed - before.external) / KEYS
}

async function speed(cache: OpenedCache, keys: readonly string[], order: Uint32Array, effort: number): Promise<Speed> {
  const reads = Math.ceil((await readsPerMs(cache, keys, order, WARM_UP_MS * effort)) * PASS_MS * effort)
  const passes: Speed[] = []
  for (let pass = 0; pass < PASSES; pass++) passes.push(await time(reads, () => read(cache, keys, order, reads)))
  return middle(passes)
}

/** The warm-up, and what it says about how much a pass should do. */
async function readsPerMs(cache: OpenedCache, keys: readonly string[], order: Uint32Array, warmUpMs: number): Promise<number> {
  let reads = 1_000
  for (let spentMs = 0; ; reads *= 2) {
    const { wallUs } = await time(reads, () => read(cache, keys, order, reads))
    spentMs += (wallUs * reads) / 1000
    if (spentMs >= warmUpMs) return 1000 / wallUs
  }
}

/** The loop under the clock. Each value is compared by its id; the sum keeps the reads from being optimised away. */
async function read(cache: OpenedCache, keys: readonly string[], order: Uint32Array, reads: number): Promise<void> {
  let wrong = 0
  let sum = 0
  for (let done = 0; done < reads; done++) {
    const id = order[done & (DRAWS - 1)] as number
    const value = await cache.read(keys[id] as string)
    if (value.id !== id) wrong++
    sum += value.id
    if (done % READS_PER_TURN === 0) await turn()
  }
  if (wrong > 0 || !(sum >= 0)) throw new Error(`${wrong} of ${reads} values were wrong`)
}

function draw(distribution: KeyDistribution): Uint32Array {
  return Uint32Array.from({ length: DRAWS }, () => distribution.next())
}
