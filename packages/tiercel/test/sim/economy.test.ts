import { expect, test } from 'vitest'
import { createCache } from '../../src/cache/create-cache.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { Scheduler, settled } from './scheduler.ts'
import { SimServer } from './sim-server.ts'
import { SimStore } from './sim-store.ts'
import { type StoreMechanism, weakened } from './weakened.ts'

interface Run {
  readonly seed: number
  readonly off?: StoreMechanism
  /** What is there when all ask: a value that has become stale, or nothing. */
  readonly isStale: boolean
  readonly fails: boolean
}

/** Five processes ask for one key, in one order of events; how often the source is asked. */
async function loadsOf({ seed, off, isStale, fails }: Run): Promise<number> {
  const clock = new FakeClock({ startMs: 1_000_000 })
  const store = memoryStore({ clock })
  const scheduler = new Scheduler(seed)
  const server = new SimServer(off === undefined ? store : weakened(store, off), scheduler)
  const options = { l1: false, clock, ttl: 1_000, grace: '1h', errorTtl: '10s' } as const
  if (isStale) {
    await createCache({ ...options, l2: server.store }).set('k', 0)
    clock.stall(1_500)
  }
  let loads = 0
  const calls = Array.from({ length: 5 }, async (_, at) => {
    await scheduler.turn(`p${at} begins`)
    const cache = createCache({ ...options, l2: new SimStore(server, `p${at}`) })
    const load = async (): Promise<number> => {
      loads += 1
      await scheduler.turn(`p${at} loaded`)
      if (fails) throw new Error('the source is down')
      return loads
    }
    await cache.getOrSet('k', load).catch(() => undefined)
    await cache.idle()
  })
  let isOver = false
  void Promise.all(calls).then(() => (isOver = true))
  for (let steps = 0; !isOver && steps < 2_000; steps += 1) {
    const nextAtMs = scheduler.isIdle ? clock.nextAtMs : undefined
    if (nextAtMs !== undefined) clock.pass(nextAtMs - clock.nowMs)
    await settled()
    await scheduler.step()
  }
  expect(isOver).toBe(true)
  return loads
}

const cases: readonly (readonly [string, Pick<Run, 'isStale' | 'fails'>, StoreMechanism])[] = [
  ['a missing key', { isStale: false, fails: false }, 'lease'],
  ['a key whose load fails', { isStale: false, fails: true }, 'shared error'],
  ['a stale value', { isStale: true, fails: false }, 'refresh lock'],
  ['a stale value whose load fails', { isStale: true, fails: true }, 'refresh lock'],
]

test.each(cases)('%s is loaded once for all', async (_name, run, mechanism) => {
  let most = 0
  for (let seed = 0; seed < 100; seed += 1) {
    expect(await loadsOf({ ...run, seed }), `seed ${seed}`).toBe(1)
    most = Math.max(most, await loadsOf({ ...run, seed, off: mechanism }))
  }
  // Without the mechanism it is not, so the test would notice.
  expect(most).toBeGreaterThan(1)
})
