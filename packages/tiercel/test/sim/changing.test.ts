import { type RunningServer, serverNames, startStandalone } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import type { Store } from '../../src/stores/store.ts'
import { valkeyStore } from '../../src/stores/valkey.ts'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { testSize } from '../test-size.ts'
import { changing, type Outcome } from './changing.ts'
import type { Plan, Weather } from './world.ts'

const withoutL1: readonly Weather[] = ['calm', 'crash', 'eviction', 'loss', 'failover', 'lag']
const withL1: readonly Weather[] = [...withoutL1, 'cut links', 'slow links']

function simulated(seed: number, weather: Weather, hasL1: boolean): Promise<Outcome> {
  const clock = new FakeClock({ startMs: 1_000_000 })
  return changing({ seed, weather, store: memoryStore({ clock }), clock, canPass: true, hasL1, namespace: 'n' })
}

async function expectRight(plan: Pick<Plan, 'seed' | 'weather'>, run: Promise<Outcome>): Promise<void> {
  const { violations, trace } = await run
  if (violations.length > 0) expect.fail(`${plan.weather}, seed ${plan.seed}: ${violations.join('; ')}\n${trace.join('\n')}`)
}

const seeds = testSize({ small: 50, ci: 750, release: 8_500 })

describe.each([
  ['L2 only', withoutL1, false],
  ['with L1', withL1, true],
] as const)('%s', (_name, weathers, hasL1) => {
  test.each(weathers)(`%s: ${seeds} orders of events`, { timeout: 3_600_000 }, async (weather) => {
    for (let seed = 0; seed < seeds; seed += 1) await expectRight({ seed, weather }, simulated(seed, weather, hasL1))
  })
})

test('a seed always gives the same run', async () => {
  for (const weather of withL1) {
    for (let seed = 0; seed < 5; seed += 1) {
      expect((await simulated(seed, weather, true)).trace).toEqual((await simulated(seed, weather, true)).trace)
    }
  }
})

describe.each(serverNames)('on %s', (name) => {
  let server: RunningServer
  let client: Redis
  let store: Store

  beforeAll(async () => {
    server = await startStandalone({ server: name })
    client = new Redis(server.url)
    store = valkeyStore(client, { timeout: '10s', connectTimeout: '10s' })
    await store.ready()
  })
  afterAll(async () => {
    await store.close()
    client.disconnect()
    await server.stop()
  })

  const count = testSize({ small: 10, ci: 60, release: 1_000 })
  const weathers: readonly Weather[] = ['calm', 'crash', 'eviction']
  test.each(weathers)(`%s: ${count} orders of events`, { timeout: 3_600_000 }, async (weather) => {
    for (let seed = 0; seed < count; seed += 1) {
      const plan = { seed, weather, store, canPass: false, hasL1: false, namespace: `${weather}${seed}` }
      await expectRight(plan, changing({ ...plan, clock: new FakeClock({ startMs: 1_000_000 }) }))
    }
  })
})
