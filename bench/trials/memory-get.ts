import { createRandom, type KeyDistribution, uniform, zipf } from '@tiercel/workloads'
import { middle, timeSync, turn } from '../runner/measure.ts'
import { defineTrial, type Measurements, type Speed, type Trial, type TrialContext } from '../runner/suite.ts'
import type { MemorySubject, OpenMemory } from '../subjects/memory.ts'
import { type Item, TTL_MS } from '../subjects/subject.ts'

const KEYS = 10_000
const HOT_KEYS = 1_000
const DRAWS = 1 << 16
const PASSES = 7
const WARM_UP_READS = 2_000_000
const READS = 1_000_000
/** A server reads its cache a few times and returns to its event loop, where clocks that are kept for a turn are renewed. */
const READS_PER_TURN = 1_000

/** A synchronous `get` that hits, with a ttl. */
export function memoryGet(subjects: Readonly<Record<string, OpenMemory>>): Trial {
  return defineTrial({
    name: 'get',
    figures: [
      {
        kind: 'speed',
        name: 'get-hit',
        title: 'sync get that hits, with ttl, 1,000 of 10,000 keys, uniform',
        by: 'cpu',
        baseline: 'lru-cache',
      },
      {
        kind: 'speed',
        name: 'get-hit-zipf',
        title: 'sync get that hits, with ttl, all of 10,000 keys, Zipf 0.99',
        by: 'cpu',
        baseline: 'lru-cache',
      },
    ],
    subjects,
    measure,
  })
}

async function measure(open: OpenMemory, { effort }: TrialContext): Promise<Measurements> {
  const cache = await open({ maxEntries: KEYS * 2, ttlMs: TTL_MS })
  const keys = Array.from({ length: KEYS }, (_, id) => `product:${id}`)
  keys.forEach((key, id) => {
    cache.set(key, { id })
  })
  const random = createRandom('get')
  return {
    'get-hit': await speed(cache, keys, uniform({ items: HOT_KEYS, random }), effort),
    'get-hit-zipf': await speed(cache, keys, zipf({ items: KEYS, exponent: 0.99, random }), effort),
  }
}

async function speed(cache: MemorySubject, keys: readonly string[], distribution: KeyDistribution, effort: number): Promise<Speed> {
  const order = Uint32Array.from({ length: DRAWS }, () => distribution.next())
  await readAll(cache, keys, order, WARM_UP_READS * effort)
  const passes: Speed[] = []
  for (let pass = 0; pass < PASSES; pass++) passes.push(await readAll(cache, keys, order, READS * effort))
  return middle(passes)
}

/** Only the reads are on the clock, not the turns of the event loop between them. */
async function readAll(cache: MemorySubject, keys: readonly string[], order: Uint32Array, reads: number): Promise<Speed> {
  let cpuUs = 0
  let wallUs = 0
  for (let done = 0; done < reads; done += READS_PER_TURN) {
    const { cpuUs: cpu, wallUs: wall } = timeSync(1, () => read(cache, keys, order, done))
    cpuUs += cpu
    wallUs += wall
    await turn()
  }
  return { cpuUs: cpuUs / reads, wallUs: wallUs / reads }
}

/** Each value is compared by its id. */
function read(cache: MemorySubject, keys: readonly string[], order: Uint32Array, from: number): void {
  for (let done = from; done < from + READS_PER_TURN; done++) {
    const id = order[done & (DRAWS - 1)] as number
    if ((cache.get(keys[id] as string) as Item).id !== id) throw new Error(`wrong value for ${keys[id]}`)
  }
}
