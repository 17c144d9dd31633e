import { serverNames } from '@tiercel/test-servers'
import { describe, expect, test, vi } from 'vitest'
import { eventLog } from '../cache/event-log.ts'
import { commandCounts } from './command-counts.ts'
import { useLiveServer, warmUp } from './live-server.ts'

describe.each(serverNames)('on %s', (name) => {
  const onServer = useLiveServer(name)

  test('a thousand callers of a missing key cost one load, one read, one lease and one value stored under it', async () => {
    const cache = onServer.newCache('herd')
    // The first lease tells whether the server can compare by itself.
    await warmUp(cache)
    await cache.getOrSet('warm', () => 1)
    await cache.idle()
    // It hears of what it has just stored, and asks.
    await new Promise((resolve) => setTimeout(resolve, 50))
    await cache.get('warm')
    const before = await commandCounts(onServer.admin)
    const load = vi.fn(async () => ({ id: 7 }))
    const values = await Promise.all(Array.from({ length: 1_000 }, () => cache.getOrSet(['product', 7], load)))
    await cache.idle()
    const after = await commandCounts(onServer.admin)
    expect(load).toHaveBeenCalledTimes(1)
    expect(values.every((value) => value.id === 7)).toBe(true)
    expect(after.total('mget') - before.total('mget')).toBe(1)
    expect(after.total('set') - before.total('set')).toBe(2)
  })

  test('reads of one turn leave joined in MGETs of 50, whoever asks', async () => {
    const writer = onServer.newCache('coalesce')
    await writer.setMany(Array.from({ length: 200 }, (_, i) => [['k', i], i]))
    const reader = onServer.newCache('coalesce')
    await warmUp(reader)
    const before = await commandCounts(onServer.admin)
    const [many, ...single] = await Promise.all([
      reader.getMany(Array.from({ length: 100 }, (_, i) => ['k', i])),
      ...Array.from({ length: 50 }, (_, i) => reader.get(['k', 100 + i])),
      ...Array.from({ length: 50 }, (_, i) => reader.getOrSet(['k', 150 + i], () => -1)),
    ])
    const after = await commandCounts(onServer.admin)
    expect(many).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(single).toEqual(Array.from({ length: 100 }, (_, i) => 100 + i))
    expect(after.total('mget') - before.total('mget')).toBe(4)
  })

  test("entries are stored under readable keys, with the server's expiry", async () => {
    const cache = onServer.newCache('shop')
    await cache.set(['product', 7], { id: 7 }, { ttl: '10m' })
    expect(await onServer.admin.exists('tc1:e:shop:product:7')).toBe(1)
    const leftMs = await onServer.admin.pttl('tc1:e:shop:product:7')
    expect(leftMs).toBeGreaterThan(590_000)
    expect(leftMs).toBeLessThanOrEqual(600_000)
  })

  test('a key of another type is a miss, harms no other key, and is left alone by loads', async () => {
    await onServer.admin.rpush('tc1:e:types:list', 'a', 'b')
    const cache = onServer.newCache('types')
    await cache.set('text', 1)
    expect(await onServer.newCache('types').getMany(['list', 'text'])).toEqual([undefined, 1])
    expect(await cache.getOrSet('list', () => 'loaded')).toBe('loaded')
    await cache.idle()
    expect(await onServer.admin.lrange('tc1:e:types:list', 0, -1)).toEqual(['a', 'b'])
  })

  test('every damage done to stored bytes is a miss and an event, never a throw or another value', async () => {
    const key = 'tc1:e:fuzz:k'
    const value = { id: 7, name: 'x', __nested: [1, 2, { deep: true }] }
    await onServer.newCache('fuzz').set('k', value)
    const whole = (await onServer.admin.getBuffer(key)) as Buffer
    const cache = onServer.newCache('fuzz', { l1: false })
    const log = eventLog(cache)
    let random = 1
    const next = (below: number): number => (random = (random * 48_271) % 2_147_483_647) % below
    for (let round = 0; round < 300; round += 1) {
      const bytes = Buffer.from(whole)
      const kind = round % 3
      if (kind === 0) bytes[next(bytes.length)] = next(256)
      const damaged =
        kind === 1 ? bytes.subarray(0, next(bytes.length)) : kind === 2 ? Buffer.concat([bytes, Buffer.from([next(256)])]) : bytes
      await onServer.admin.set(key, damaged)
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
    await onServer.admin.set('tc1:e:heal:k', 'garbage')
    const cache = onServer.newCache('heal')
    expect(await cache.getOrSet('k', () => 'healed')).toBe('healed')
    await cache.idle()
    expect(await onServer.newCache('heal').get('k')).toBe('healed')

    await onServer.admin.set('tc1:e:heal:other', 'garbage')
    const raced = await cache.getOrSet('other', async () => {
      await onServer.newCache('heal').set('other', 'newer')
      return 'older'
    })
    await cache.idle()
    expect(raced).toBe('older')
    expect(await onServer.newCache('heal').get('other')).toBe('newer')
  })

  test('a counted byte is a byte that travelled', async () => {
    const cache = onServer.newCache('bytes')
    await cache.set('k', 'x'.repeat(1_000))
    const stored = (await onServer.admin.strlen('tc1:e:bytes:k')) as number
    const reader = onServer.newCache('bytes')
    await reader.get('k')
    expect(cache.stats().l2.bytesWritten).toBe(stored)
    expect(reader.stats().l2).toMatchObject({ bytesRead: stored, hits: 1, misses: 0 })
    expect(reader.stats().l1).toMatchObject({ hits: 0, misses: 1, entries: 1 })
  })

  test.each([3_600_000, -3_600_000])('a machine whose clock is off by %i ms writes and reads like any other', async (errorMs) => {
    const [key, other] = [`written ${errorMs}`, `read ${errorMs}`]
    await onServer.newCache('clock').set(other, 1, { ttl: '1m' })
    const off = vi.spyOn(Date, 'now').mockImplementation(() => performance.timeOrigin + performance.now() + errorMs)
    try {
      const wrong = onServer.newCache('clock')
      await wrong.set(key, 1, { ttl: '1m' })
      expect(await wrong.get(other)).toBe(1)
    } finally {
      off.mockRestore()
    }
    const reader = onServer.newCache('clock')
    expect(await reader.get(key)).toBe(1)
  })
})
