import { collectGarbage, middle, readInFlight, time } from '../runner/measure.ts'
import { defineTrial, type Measurements, type Speed, type Trial, type TrialContext } from '../runner/suite.ts'
import type { Item, OpenCache } from '../subjects/subject.ts'
import { CountedLoad } from './counted-load.ts'
import { assertItems, product } from './product.ts'

const KEYS = 10_000
const IN_FLIGHT = 100
/** So long that what is measured has been compiled, at least two passes. */
const WARM_UP_MS = 2_500
const PASSES = 5

/**
 * `await getOrSet` of a value that only the server has: written by the same library, then read once by an instance whose memory
 * is empty. Each pass is a new instance on a new connection.
 */
export function l2Hit(subjects: Readonly<Record<string, OpenCache>>, baseline = 'hand-written'): Trial {
  return defineTrial({
    name: 'l2',
    figures: [
      {
        kind: 'speed',
        name: 'l2-hit',
        title: 'L2 hit of a 1 kB object, L1 cold, 10,000 keys once, 100 in flight',
        by: 'wall',
        baseline,
      },
      { kind: 'count', name: 'l2-bytes-out', title: 'bytes from the server per L2 hit', unit: 'B' },
      { kind: 'count', name: 'l2-bytes-in', title: 'bytes to the server per L2 hit', unit: 'B' },
      { kind: 'count', name: 'l2-commands', title: 'commands per L2 hit', unit: 'commands' },
    ],
    subjects,
    measure,
  })
}

async function measure(open: OpenCache, { url, prefix, effort, serverCounters }: TrialContext): Promise<Measurements> {
  const count = KEYS * effort
  const keys = Array.from({ length: count + 1 }, (_, id) => `${prefix}:product:${id}`)
  const first = keys[count] as string // read before the clock starts, for whoever connects only then
  const order = Uint32Array.from({ length: count }, (_, id) => id)
  const products = Array.from(keys, (_, id) => product(id))
  const loads = new CountedLoad(keys, products)
  const pass = async (): Promise<Speed> => {
    const cache = await open({ url, load: loads.load })
    await cache.read(first)
    collectGarbage()
    let values: Item[] = []
    const speed = await time(count, async () => {
      values = await readInFlight({ read: cache.read, keys, order, width: IN_FLIGHT })
    })
    await cache.close()
    assertItems(values, products)
    return speed
  }

  await pass() // writes
  const warmUntilMs = performance.now() + WARM_UP_MS * effort
  for (let n = 0; n < 2 || performance.now() < warmUntilMs; n++) await pass()
  loads.count = 0
  const passes: Speed[] = []
  const before = await serverCounters()
  for (let n = 0; n < PASSES; n++) passes.push(await pass())
  const after = await serverCounters()
  loads.assertUnused()
  const reads = count * passes.length
  return {
    'l2-hit': middle(passes),
    'l2-bytes-out': (after.bytesOut - before.bytesOut) / reads,
    'l2-bytes-in': (after.bytesIn - before.bytesIn) / reads,
    'l2-commands': (after.commands - before.commands) / reads,
  }
}
