import { expect, test } from 'vitest'
import { createCache } from '../../src/cache/create-cache.ts'
import { valkeyStore } from '../../src/stores/valkey.ts'
import { Describer } from './describe.ts'
import { ProcessClock } from './process-clock.ts'
import { Scheduler, settled } from './scheduler.ts'
import { Servers } from './servers.ts'
import { SimClient } from './sim-client.ts'
import { type StoreMechanism, weaken } from './weakened.ts'

interface Run {
  readonly seed: number
  readonly off?: StoreMechanism
  /** What is there when all ask: a value that has become stale, or nothing. */
  readonly isStale: boolean
  readonly fails: boolean
}

const mostSteps = 5_000
const pace = { leastMs: 0.1, mostMs: 300, sloth: 0, slothMs: 1_000 }
const options = { l1: false, ttl: 1_000, grace: '1h', errorTtl: '10s' } as const

/** Five processes ask for one key, in one order of events; how often the source is asked. */
async function loadsOf({ seed, off, isStale, fails }: Run): Promise<number> {
  const scheduler = new Scheduler(seed, { pace })
  const servers = new Servers(scheduler, { canCompare: seed % 2 === 0 }, (server) => weaken(server, off))
  const describer = new Describer()
  const process = (name: string) => {
    const clock = new ProcessClock(scheduler, 0, 0)
    const latencyMs = (): number => scheduler.spread(0.05, 10)
    const client = new SimClient({
      name,
      scheduler,
      describer,
      primary: () => servers.primary,
      latencyMs,
      isDead: () => false,
      losesMessage: () => false,
    })
    return createCache({ ...options, clock, random: scheduler.random, l2: valkeyStore(client, { clock, random: scheduler.random }) })
  }
  const until = async (work: Promise<unknown>): Promise<void> => {
    let isOver = false
    void work.then(() => (isOver = true))
    await settled()
    while (!isOver && scheduler.steps < mostSteps && (await scheduler.step()));
    expect(isOver).toBe(true)
  }
  if (isStale) {
    await until(process('first').set('k', 0))
    await until(scheduler.turn('it becomes stale', 1_500))
  }
  let loads = 0
  const calls = Array.from({ length: 5 }, async (_, at) => {
    await scheduler.turn(`p${at} begins`)
    const cache = process(`p${at}`)
    const load = async (): Promise<number> => {
      loads += 1
      await scheduler.turn(`p${at} loaded`)
      if (fails) throw new Error('the source is down')
      return loads
    }
    await cache.getOrSet('k', load).catch(() => undefined)
    await cache.idle()
  })
  await until(Promise.all(calls))
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
