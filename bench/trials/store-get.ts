import { createRandom, uniform } from '@tiercel/workloads'
import { collectGarbage, middle, readInFlight, time } from '../runner/measure.ts'
import { defineTrial, type Measurements, type Speed, type Trial, type TrialContext } from '../runner/suite.ts'
import type { OpenedStore, OpenStore } from '../subjects/subject.ts'

const KEYS = 10_000
const IN_FLIGHT = 200
const PASSES = 5
const WARM_UP_MS = 400
const PASS_MS = 150

/** A value of 100 bytes by key, no cache around it: what a store costs on top of its client, or saves. */
export function storeGet(subjects: Readonly<Record<string, OpenStore>>): Trial {
  return defineTrial({
    name: 'store',
    figures: [
      {
        kind: 'speed',
        name: 'store-get',
        title: 'GET of 100 bytes, 10,000 keys, uniform, 200 in flight, one connection',
        by: 'wall',
        baseline: 'ioredis 6',
      },
    ],
    subjects,
    measure,
  })
}

async function measure(open: OpenStore, { url, prefix, effort }: TrialContext): Promise<Measurements> {
  const store = await open(url)
  const entries = Array.from({ length: KEYS }, (_, id) => [`${prefix}:item:${id}`, `${id}:`.padEnd(100, 'abcdefghij')] as const)
  for (let from = 0; from < KEYS; from += 1_000) await store.write(entries.slice(from, from + 1_000))

  const distribution = uniform({ items: KEYS, random: createRandom('store') })
  const keys = entries.map(([key]) => key)
  const pass = async (reads: number): Promise<Speed> => {
    const order = Uint32Array.from({ length: reads }, () => distribution.next())
    let values: unknown[] = []
    collectGarbage()
    const speed = await time(reads, async () => {
      values = await readInFlight({ read: store.get, keys, order, width: IN_FLIGHT })
    })
    assertItems(store, values, order, entries)
    return speed
  }

  const reads = Math.ceil((PASS_MS * effort * 1000) / (await warmUp(pass, WARM_UP_MS * effort)).wallUs)
  const passes: Speed[] = []
  for (let n = 0; n < PASSES; n++) passes.push(await pass(reads))
  await store.close()
  return { 'store-get': middle(passes) }
}

async function warmUp(pass: (reads: number) => Promise<Speed>, warmUpMs: number): Promise<Speed> {
  let reads = 1_000
  for (let spentMs = 0; ; reads *= 2) {
    const speed = await pass(reads)
    spentMs += (speed.wallUs * reads) / 1000
    if (spentMs >= warmUpMs) return speed
  }
}

function assertItems(
  store: OpenedStore,
  values: readonly unknown[],
  order: Uint32Array,
  entries: readonly (readonly [string, string])[],
): void {
  for (const [at, value] of values.entries()) {
    const [key, expected] = entries[order[at] as number] as readonly [string, string]
    if (store.text(value) !== expected) throw new Error(`wrong value for ${key}: ${store.text(value)}`)
  }
}
