import { type RunningServer, serverNames, startStandalone } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import type { Store } from '../../src/stores/store.ts'
import { valkeyStore } from '../../src/stores/valkey.ts'
import { TestClock } from '../cache/test-clock.ts'
import { testSize } from '../test-size.ts'
import { type Outcome, overtaking } from './overtaking.ts'
import type { Mechanism } from './sim-store.ts'

function simulated(seed: number, off?: Mechanism): Promise<Outcome> {
  const clock = new TestClock()
  const plan = { seed, store: memoryStore({ clock }), clock, canPass: true, key: 'k' }
  return overtaking(off === undefined ? plan : { ...plan, off })
}

function report(seed: number, { violations, trace }: Outcome): string {
  return `seed ${seed}: ${violations.join('; ')}\n${trace.join('\n')}`
}

const seeds = testSize({ small: 1_500, ci: 10_000, release: 100_000 })

test(`in ${seeds} orders of events nothing that was overtaken is stored or read`, { timeout: 600_000 }, async () => {
  for (let seed = 0; seed < seeds; seed += 1) {
    const outcome = await simulated(seed)
    if (outcome.violations.length > 0) expect.fail(report(seed, outcome))
  }
})

test('a seed always gives the same run', async () => {
  for (let seed = 0; seed < 20; seed += 1) expect((await simulated(seed)).trace).toEqual((await simulated(seed)).trace)
})

const vital: readonly Mechanism[] = ['lease', 'version fence']

test.each(vital)('without the %s, it is', async (off) => {
  for (let seed = 0; seed < 3_000; seed += 1) if ((await simulated(seed, off)).violations.length > 0) return
  expect.fail('nobody noticed')
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

  const count = testSize({ small: 150, ci: 2_000, release: 10_000 })
  test(`the same in ${count} orders`, { timeout: 600_000 }, async () => {
    for (let seed = 0; seed < count; seed += 1) {
      const clock = new TestClock()
      clock.nowMs = performance.now()
      const outcome = await overtaking({ seed, store, clock, canPass: false, key: `k${seed}` })
      if (outcome.violations.length > 0) expect.fail(report(seed, outcome))
    }
  })
})
