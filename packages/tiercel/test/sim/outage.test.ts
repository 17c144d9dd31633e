import { expect, test } from 'vitest'
import { createCache } from '../../src/cache/create-cache.ts'
import { valkeyStore } from '../../src/stores/valkey.ts'
import { type ValkeyStoreOptions } from '../../src/stores/valkey-options.ts'
import { Describer } from './describe.ts'
import { ProcessClock } from './process-clock.ts'
import { Scheduler, settled } from './scheduler.ts'
import { Servers } from './servers.ts'
import { SimClient } from './sim-client.ts'

const calls = 400
const budgetMs = 50
/** How long the server hangs. */
const hangsForMs = 60_000
const mostSteps = 200_000

interface Seen {
  /** Of the calls, one after the other: all together, and the longest. */
  readonly waitedMs: number
  readonly longestMs: number
  readonly errors: number
  /** Whether values come from the server again, a minute after it does. */
  readonly isBack: boolean
}

/** A server hangs, and one key after the other is asked for, whose loader is there at once. */
async function outage(seed: number, options: ValkeyStoreOptions): Promise<Seen> {
  const scheduler = new Scheduler(seed, { pace: { leastMs: 0.1, mostMs: 10, sloth: 0, slothMs: 1 } })
  const servers = new Servers(scheduler, { canCompare: seed % 2 === 0 }, () => undefined)
  const clock = new ProcessClock(scheduler, 0, 0)
  const client = new SimClient({
    name: 'p0',
    scheduler,
    describer: new Describer(),
    primary: () => servers.primary,
    latencyMs: () => scheduler.spread(0.05, 3),
    isDead: () => false,
    losesMessage: () => false,
  })
  const { random } = scheduler
  const cache = createCache({ l1: false, clock, random, l2: valkeyStore(client, { timeout: budgetMs, clock, random, ...options }) })
  const until = async <T>(work: Promise<T>): Promise<T> => {
    let isOver = false
    void work.finally(() => (isOver = true)).catch(() => undefined)
    await settled()
    while (!isOver && scheduler.steps < mostSteps && (await scheduler.step()));
    return isOver ? work : Promise.reject(new Error('it hangs'))
  }
  await until(cache.set('first', 0))
  const hungAtMs = scheduler.nowMs
  client.stall(hangsForMs)
  const tookMs: number[] = []
  let errors = 0
  for (let call = 0; call < calls; call += 1) {
    const startedAtMs = scheduler.nowMs
    await until(cache.getOrSet(`k${call}`, () => call)).catch(() => (errors += 1))
    tookMs.push(scheduler.nowMs - startedAtMs)
    await until(scheduler.turn('the next call', 20))
  }
  await until(scheduler.turn('a minute after it is back', Math.max(hungAtMs + 2 * hangsForMs - scheduler.nowMs, 0)))
  for (let call = 0; call < 20; call += 1) await until(cache.getOrSet('last', () => call))
  await until(cache.idle())
  const isBack = (await until(cache.get('last'))) !== undefined
  await until(cache.close({ drainMs: 0 }))
  return { waitedMs: tookMs.reduce((sum, ms) => sum + ms, 0), longestMs: Math.max(...tookMs), errors, isBack }
}

const seeds = [1, 2, 3, 4, 5, 6]

test.each(seeds)('a server that hangs costs a few calls a few budgets, and then nobody anything (seed %i)', async (seed) => {
  const { waitedMs, longestMs, errors, isBack } = await outage(seed, {})
  expect(errors).toBe(0)
  expect(isBack).toBe(true)
  expect(longestMs).toBeLessThanOrEqual(2 * budgetMs)
  // Until there were ten commands that failed, of which a call may have several.
  expect(waitedMs).toBeLessThanOrEqual(10 * budgetMs)
})

test('without the breaker every call pays', async () => {
  const { waitedMs, errors } = await outage(1, { breaker: false })
  expect(errors).toBe(0)
  expect(waitedMs).toBeGreaterThan(calls * budgetMs * 0.9)
})

test('without deadlines a call waits as long as the server hangs', async () => {
  const { longestMs } = await outage(1, { timeout: '1h' })
  expect(longestMs).toBeGreaterThan(hangsForMs * 0.9)
})
