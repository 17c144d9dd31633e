import { createClient } from '@redis/client'
import { type RunningServer, serverNames, startStandalone } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Cache, createCache, valkeyStore } from '../../src/index.ts'
import { eventLog } from '../cache/event-log.ts'
import { commandCounts } from './command-counts.ts'

const patience = { timeout: '5s', connectTimeout: '10s' } as const

describe.each(serverNames)('on %s', (name) => {
  let server: RunningServer
  let admin: Redis
  let live: ReturnType<typeof createClient>
  const caches: Cache[] = []

  beforeAll(async () => {
    server = await startStandalone({ server: name })
    admin = new Redis(server.url)
    live = createClient({ url: server.url })
    live.on('error', () => undefined)
    await live.connect()
  })
  afterAll(async () => {
    for (const cache of caches) await cache.close()
    admin.disconnect()
    live.destroy()
    await server.stop()
  })

  /** A new process, as far as the server can tell: a cache with an empty L1. */
  function newCache(namespace: string): Cache {
    const cache = createCache({ namespace, l2: valkeyStore(live, patience) })
    caches.push(cache)
    return cache
  }

  test('a thousand callers of a missing key cost one load, one read, one lease and one value stored under it', async () => {
    const cache = newCache('herd')
    // The first lease tells whether the server can compare by itself.
    await cache.getOrSet('warm', () => 1)
    await cache.idle()
    const before = await commandCounts(admin)
    const load = vi.fn(async () => ({ id: 7 }))
    const values = await Promise.all(Array.from({ length: 1_000 }, () => cache.getOrSet(['product', 7], load)))
    await cache.idle()
    const after = await commandCounts(admin)
    expect(load).toHaveBeenCalledTimes(1)
    expect(values.every((value) => value.id === 7)).toBe(true)
    expect(after.total('mget') - before.total('mget')).toBe(1)
    expect(after.total('set') - before.total('set')).toBe(2)
  })

  test('reads of one turn leave joined in MGETs of 50, whoever asks', async () => {
    const writer = newCache('coalesce')
    await writer.setMany(Array.from({ length: 200 }, (_, i) => [['k', i], i]))
    const reader = newCache('coalesce')
    await reader.get('warm')
    const before = await commandCounts(admin)
    const [many, ...single] = await Promise.all([
      reader.getMany(Array.from({ length: 100 }, (_, i) => ['k', i])),
      ...Array.from({ length: 50 }, (_, i) => reader.get(['k', 100 + i])),
      ...Array.from({ length: 50 }, (_, i) => reader.getOrSet(['k', 150 + i], () => -1)),
    ])
    const after = await commandCounts(admin)
    expect(many).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(single).toEqual(Array.from({ length: 100 }, (_, i) => 100 + i))
    expect(after.total('mget') - before.total('mget')).toBe(4)
  })

  test("entries are stored under readable keys, with the server's expiry", async () => {
    const cache = newCache('shop')
    await cache.set(['product', 7], { id: 7 }, { ttl: '10m' })
    expect(await admin.exists('tc1:shop:e:product:7')).toBe(1)
    const leftMs = await admin.pttl('tc1:shop:e:product:7')
    expect(leftMs).toBeGreaterThan(590_000)
    expect(leftMs).toBeLessThanOrEqual(600_000)
  })

  test('a key of another type is a miss, harms no other key, and is left alone by loads', async () => {
    await admin.rpush('tc1:types:e:list', 'a', 'b')
    const cache = newCache('types')
    await cache.set('text', 1)
    expect(await newCache('types').getMany(['list', 'text'])).toEqual([undefined, 1])
    expect(await cache.getOrSet('list', () => 'loaded')).toBe('loaded')
    await cache.idle()
    expect(await admin.lrange('tc1:types:e:list', 0, -1)).toEqual(['a', 'b'])
  })

  test('every damage done to stored bytes is a miss and an event, never a throw or another value', async () => {
    const key = 'tc1:fuzz:e:k'
    const value = { id: 7, name: 'x', __nested: [1, 2, { deep: true }] }
    await newCache('fuzz').set('k', value)
    const whole = (await admin.getBuffer(key)) as Buffer
    const cache = createCache({ namespace: 'fuzz', l1: false, l2: valkeyStore(live, patience) })
    caches.push(cache)
    const log = eventLog(cache)
    let random = 1
    const next = (below: number): number => (random = (random * 48_271) % 2_147_483_647) % below
    for (let round = 0; round < 300; round += 1) {
      const bytes = Buffer.from(whole)
      const kind = round % 3
      if (kind === 0) bytes[next(bytes.length)] = next(256)
      const damaged =
        kind === 1 ? bytes.subarray(0, next(bytes.length)) : kind === 2 ? Buffer.concat([bytes, Buffer.from([next(256)])]) : bytes
      await admin.set(key, damaged)
      log.length = 0
      const found = await cache.get('k')
      if (damaged.equals(whole)) expect(found).toEqual(value)
      else {
        expect(found).toBeUndefined()
        expect(log[0]).toMatch(/^read\.rejected/)
      }
    }
    expect(({} as Record<string, unknown>)['deep']).toBeUndefined()
  })

  test('a load replaces damaged bytes, and does not touch what came meanwhile', async () => {
    await admin.set('tc1:heal:e:k', 'garbage')
    const cache = newCache('heal')
    expect(await cache.getOrSet('k', () => 'healed')).toBe('healed')
    await cache.idle()
    expect(await newCache('heal').get('k')).toBe('healed')

    await admin.set('tc1:heal:e:other', 'garbage')
    const raced = await cache.getOrSet('other', async () => {
      await newCache('heal').set('other', 'newer')
      return 'older'
    })
    await cache.idle()
    expect(raced).toBe('older')
    expect(await newCache('heal').get('other')).toBe('newer')
  })

  test('a counted byte is a byte that travelled', async () => {
    const cache = newCache('bytes')
    await cache.set('k', 'x'.repeat(1_000))
    const stored = (await admin.strlen('tc1:bytes:e:k')) as number
    const reader = newCache('bytes')
    await reader.get('k')
    expect(cache.stats().l2.bytesWritten).toBe(stored)
    expect(reader.stats().l2).toMatchObject({ bytesRead: stored, hits: 1, misses: 0 })
    expect(reader.stats().l1).toMatchObject({ hits: 0, misses: 1, entries: 1 })
  })

  test.each([3_600_000, -3_600_000])('a machine whose clock is off by %i ms writes and reads like any other', async (errorMs) => {
    const [key, other] = [`written ${errorMs}`, `read ${errorMs}`]
    await newCache('clock').set(other, 1, { ttl: '1m' })
    const off = vi.spyOn(Date, 'now').mockImplementation(() => performance.timeOrigin + performance.now() + errorMs)
    try {
      const wrong = newCache('clock')
      await wrong.set(key, 1, { ttl: '1m' })
      expect(await wrong.get(other)).toBe(1)
    } finally {
      off.mockRestore()
    }
    const reader = newCache('clock')
    expect(await reader.get(key)).toBe(1)
  })
})
