import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { inTurn } from '../coherence/disturbances.ts'
import { endsAt } from '../integration/ends.ts'
import { testSize } from '../test-size.ts'
import { faults } from './fault-matrix.ts'
import type { LoadPlan, Weighed } from './load-messages.ts'
import { describeFigures, LoadProcess } from './load-process.ts'
import { openStandalone } from './topologies.ts'

const rounds = testSize({ small: 1, ci: 1, release: 20 })
// What grows slowly shows at the size of a release only: the others prove that the test can run.
const faultMs = testSize({ small: 200, ci: 200, release: 9_000 })
const restMs = testSize({ small: 1_500, ci: 1_500, release: 15_000 })
const ratePerSecond = testSize({ small: 200, ci: 200, release: 2_000 })
const plan: LoadPlan = { seed: 'soak', ratePerSecond, keys: 1_000, loadMs: 5, changes: 0.1, deadlineMs: 10_000, ttlMs: 2_000 }
/** What heaps differ by that hold the same. */
const noiseBytes = 8 * 2 ** 20
const ends = endsAt(afterEach)

test(
  `${rounds} rounds of every fault, one after the other: no heap grows, nor do handles`,
  async () => {
    const { places, proxies } = await openStandalone(ends)
    const caches = places.map((place, at) => ({ place, l1: at % 2 === 0, stepMs: 100, maxOpenMs: 1_000 }))
    const load = await LoadProcess.start({ caches, maxStaleness: 500 }, ends)
    await load.offer(plan)
    const round = async (): Promise<Weighed> => {
      await Promise.all(proxies.map((proxy) => inTurn(Object.values(faults), faultMs)(proxy, new AbortController().signal)))
      for (const proxy of proxies) proxy.heal()
      await expect.poll(() => load.look().then(({ problems }) => problems), { timeout: 90_000, interval: 100 }).toEqual([])
      await sleep(restMs)
      return load.weigh()
    }
    // Code is compiled, and maps have their size, before anything is compared.
    const before = await round()
    for (let at = 0; at < rounds; at += 1) {
      const after = await round()
      const figures = await load.tell()
      console.info(
        `round ${at + 1}: ${describeFigures(figures)}; ${megabytes(after)} MB, ${megabytes(before)} MB before; ${JSON.stringify(after.resources)}`,
      )
      expect({ wrong: figures.wrong, stale: figures.stale }).toEqual({ wrong: [], stale: [] })
      expect(after.heapBytes - before.heapBytes).toBeLessThanOrEqual(noiseBytes)
      for (const kind of Object.keys(after.resources).filter((each) => each !== 'Timeout')) {
        expect(after.resources[kind], kind).toBeLessThanOrEqual((before.resources[kind] ?? 0) + 1)
      }
    }
    await load.stop()
  },
  240_000 + rounds * (faultMs * 12 + restMs) * 2,
)

function megabytes({ heapBytes }: Weighed): string {
  return (heapBytes / 2 ** 20).toFixed(1)
}
