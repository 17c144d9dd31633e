import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningServer } from '@tiercel/test-servers'
import { createRandom } from '@tiercel/workloads'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cache, createCache, valkeyStore } from '../../src/index.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { clientPackages } from '../conformance/live-clients.ts'
import { testSize } from '../test-size.ts'
import { endsAt, openServer } from './ends.ts'
import { warmUp } from './live-server.ts'
import { keyName, randomCalls, tagName } from './random-calls.ts'
import { VersionedSource } from './versioned-source.ts'

const isSmall = testSize({ small: 1, ci: 0, release: 0 }) === 1
const tags = testSize({ small: 50, ci: 1_000, release: 1_000 })
const keys = testSize({ small: 2_000, ci: 100_000, release: 100_000 })
const operations = testSize({ small: 6_000, ci: 100_000, release: 1_000_000 })
const ttlMs = testSize({ small: 1_500, ci: 10_000, release: 10_000 })
const longestTagLifeMs = 60_000
const maxStaleness = 200
const hourMs = 3_600_000
const namespace = 'evicted'
const patience = { timeout: '5s', connectTimeout: '10s' } as const

let server: RunningServer
let admin: Redis
const ends = endsAt(afterAll)

beforeAll(async () => {
  ;({ server, admin } = await openServer('valkey-9.1', ends))
})
async function newCache(clientName: string, clock: Clock): Promise<Cache> {
  const live = await clientPackages.find(({ name }) => name === clientName)?.standalone(server.url)
  const l2 = valkeyStore(live?.live as object, { ...patience, clock })
  const cache = createCache({ namespace, l2, clock, coherence: { maxStaleness } })
  ends.push(
    () => live?.end(),
    () => cache.close(),
  )
  await warmUp(cache)
  return cache
}

function shifted(byMs: number): Clock {
  return { monotonicMs: () => performance.now() + byMs }
}

async function bookkeeping(): Promise<string[]> {
  const found = new Set<string>()
  for (const root of ['t', 'n', 'r']) {
    for await (const some of admin.scanStream({ match: `tc1:${root}:*`, count: 10_000 })) for (const key of some as string[]) found.add(key)
  }
  return [...found]
}

test(
  'whatever the server evicts, and wherever the clocks of processes stand, nothing invalidated is served, and nothing is left behind',
  async () => {
    const random = createRandom('evictions')
    const caches = [
      await newCache('node-redis 6', shifted(hourMs)),
      await newCache('ioredis 6', shifted(-hourMs)),
      await newCache('ioredis 6', shifted(0)),
    ]
    const victims: (() => string)[] = [
      () => `tc1:e:${namespace}:${keyName(random.integer(keys >> 6))}`,
      () => `tc1:e:${namespace}:${keyName(random.integer(keys))}`,
      () => `tc1:t:{${namespace}:}${tagName(random.integer(tags))}`,
      () => `tc1:n:{${namespace}:}`,
    ]
    let evicted = 0
    let peak = 0
    let calls = 0
    const beside = async (): Promise<void> => {
      calls += 1
      if (calls % (operations >> 3) === 0) peak = Math.max(peak, (await bookkeeping()).length)
      if (random.next() < 0.2) evicted += await admin.del((victims[random.integer(victims.length)] as () => string)())
      // The token that every entry carries goes more seldom: without it, all of them are gone.
      if (random.next() < 0.002) evicted += await admin.del(`tc1:t:{${namespace}:}`)
    }
    const source = new VersionedSource()
    const plan = { caches, source, keys, tags, operations, lanes: 12, boundMs: maxStaleness + 50, random, life: { ttl: ttlMs }, beside }
    const report = await randomCalls(plan)
    expect(report.errors).toEqual({})
    expect(report.stale).toEqual([])
    expect(evicted).toBeGreaterThan(operations / 50)
    expect(report.loads).toBeLessThan(report.reads * 0.8)
    expect(peak).toBeGreaterThan(tags / 2)

    await Promise.all(caches.map((cache) => cache.close()))
    if (!isSmall) await sleep(longestTagLifeMs + 1_000)
    else await endTags()
    const left = await bookkeeping()
    // The namespace's own token and the counter of its bumps are for ever.
    expect(left.length, left.join(' ')).toBeLessThanOrEqual(Math.max(2, peak / 100))
    await sleep(isSmall ? ttlMs : 0)
    expect(await admin.keys('tc1:e:*')).toEqual([])
  },
  operations * 20 + 200_000,
)

/** Does not wait for the minute that tags live at least: looks at when they end. */
async function endTags(): Promise<void> {
  for (const key of await bookkeeping()) {
    const leftMs = await admin.pttl(key)
    expect(leftMs, key).toBeLessThanOrEqual(longestTagLifeMs)
    if (leftMs >= 0) await admin.del(key)
  }
}
