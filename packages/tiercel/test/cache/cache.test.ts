import { describe, expect, test, vi } from 'vitest'
import type { Cache, GetOrSetOptions, SetOptions } from '../../src/cache/cache.ts'
import { type CacheOptions, createCache } from '../../src/cache/create-cache.ts'
import { StoreError } from '../../src/kernel/errors.ts'
import type { Key } from '../../src/kernel/key.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import { eventLog } from './event-log.ts'
import { GatedStore } from './gated-store.ts'
import { TestClock } from './test-clock.ts'

describe('time to live', () => {
  test.each([
    ['L1 alone', (clock: TestClock) => createCache({ clock, ttl: 100 })],
    ['L2 alone', (clock: TestClock) => createCache({ clock, ttl: 100, l1: false, l2: memoryStore({ clock }) })],
    ['both', (clock: TestClock) => createCache({ clock, ttl: 100, l2: memoryStore({ clock }) })],
  ])('ends a value on time with %s', async (_name, create) => {
    const clock = new TestClock()
    const cache = create(clock)
    await cache.set('k', 1)
    await cache.set('longer', 1, { ttl: '1s' })
    clock.passMs(99)
    expect(await cache.get('k')).toBe(1)
    clock.passMs(1)
    expect(await cache.get('k')).toBeUndefined()
    expect(await cache.get('longer')).toBe(1)
    clock.passMs(900)
    expect(await cache.has('longer')).toBe(false)
    await cache.close()
  })

  // The instants of a process are not whole milliseconds, those of an entry are.
  test.each([0, 0.25, 0.5, 0.75, 0.999])('a copy in L1 does not outlive the entry in L2, %s ms off', async (offMs) => {
    const clock = new TestClock()
    clock.passMs(offMs)
    const l2 = memoryStore({ clock })
    await createCache({ clock, l2 }).set('k', 1, { ttl: 100 })
    clock.passMs(60)
    const cache = createCache({ clock, l2 })
    expect(await cache.get('k')).toBe(1)
    clock.passMs(39)
    expect(await cache.get('k')).toBe(1)
    clock.passMs(1)
    expect(await cache.get('k')).toBeUndefined()
  })

  test('jitter ends values earlier, never later, and not together', async () => {
    const clock = new TestClock()
    let seed = 0
    const cache = createCache({ clock, ttl: 1_000, jitter: 0.5, random: () => (seed = (seed + 0.1) % 1) })
    for (let i = 0; i < 10; i += 1) await cache.set(['k', i], i)
    const alive = async (): Promise<number> =>
      (await cache.getMany(Array.from({ length: 10 }, (_, i) => ['k', i]))).filter((v) => v !== undefined).length
    clock.passMs(499)
    expect(await alive()).toBe(10)
    clock.passMs(251)
    expect(await alive()).toBeGreaterThan(2)
    expect(await alive()).toBeLessThan(8)
    clock.passMs(250)
    expect(await alive()).toBe(0)
  })
})

describe('values', () => {
  test('are frozen all the way down by default, for the first caller as for the next, on every tier', async () => {
    const l2 = new GatedStore()
    const cache = createCache({ l2 })
    const loaded = { deep: { list: [1, { x: 1 }] } }
    const first = await cache.getOrSet('k', () => loaded)
    await cache.idle()
    const fromL1 = await cache.get<typeof loaded>('k')
    const fromL2 = await createCache({ l2 }).get<typeof loaded>('k')
    for (const value of [first, fromL1, fromL2]) {
      expect(() => ((value as typeof loaded).deep.list as unknown[]).push(2)).toThrow(TypeError)
      expect(() => (((value as typeof loaded).deep.list[1] as { x: number }).x = 2)).toThrow(TypeError)
    }
    loaded.deep.list.push(3)
    expect(await cache.get('k')).toEqual({ deep: { list: [1, { x: 1 }] } })
  })

  test("that were set stay the caller's own to change", async () => {
    const cache = createCache()
    const mine = { n: 1 }
    await cache.set('k', mine)
    mine.n = 2
    expect(await cache.get('k')).toEqual({ n: 1 })
  })

  test('can be a copy for each caller', async () => {
    const cache = createCache({ values: 'clone', l2: new GatedStore() })
    const callers = await Promise.all([1, 2].map(() => cache.getOrSet('k', () => ({ n: 1 }))))
    callers.push((await cache.get('k')) as { n: number })
    for (const value of callers) (value as { n: number }).n += 1
    expect(callers).toEqual([{ n: 2 }, { n: 2 }, { n: 2 }])
    expect(await cache.get('k')).toEqual({ n: 1 })
  })

  test('can be shared as they are', async () => {
    const cache = createCache({ values: 'share' })
    const loaded = { n: 1 }
    expect(await cache.getOrSet('k', () => loaded)).toBe(loaded)
    expect(await cache.get('k')).toBe(loaded)
  })
})

describe('own writes', () => {
  test.each([
    ['get', (cache: Cache, exact: boolean) => cache.get('k', { exact })],
    ['getOrSet', (cache: Cache, exact: boolean) => cache.getOrSet('k', () => 'new', { exact })],
  ])('are seen at once, also when a %s is under way whose place a later one took', async (_, read) => {
    const l2 = new GatedStore()
    await createCache({ l2 }).set('k', 'old')
    const cache = createCache({ l2 })
    const release = l2.hold('get', 'after')
    const reads = [read(cache, false), read(cache, true)]
    await cache.delete('k')
    release()
    await Promise.all(reads)
    expect(await cache.get('k')).not.toBe('old')
  })

  test('are seen at once, also when a read is under way', async () => {
    const l2 = new GatedStore()
    const cache = createCache({ l2 })
    await cache.set('k', 'old')
    const other = createCache({ l2 })
    const release = l2.hold('get', 'after')
    const read = other.get('k')
    await other.set('k', 'new')
    release()
    expect(await read).toBe('old')
    expect(await other.get('k')).toBe('new')
  })

  test('of which a later one overtook the earlier do not come back', async () => {
    const l2 = new GatedStore()
    const cache = createCache({ l2 })
    const release = l2.hold('setMany', 'after')
    const set = cache.set('k', 'old')
    await cache.delete('k')
    release()
    await set
    expect(await cache.get('k')).toBeUndefined()
  })

  test('that L2 did not confirm reject or are queued, and leave nothing in L1', async () => {
    const l2 = new GatedStore()
    const cache = createCache({ l2 })
    await cache.set('k', 'old')
    const away = new StoreError('TIERCEL_STORE_UNAVAILABLE', 'away')
    l2.fail('setMany', away)
    l2.fail('deleteMany', away)
    l2.fail('get', away)
    await expect(cache.set('k', 'new')).rejects.toBe(away)
    expect(await cache.delete('k')).toBe('queued')
    expect(await cache.get('k')).toBeUndefined()
    expect(cache.stats().l2.errors).toBe(3)
  })

  test('of many are checked before one is sent', async () => {
    const l2 = new GatedStore()
    const cache = createCache({ l2 })
    await expect(
      cache.setMany([
        ['a', 1],
        ['b', () => 1],
      ]),
    ).rejects.toMatchObject({ code: 'TIERCEL_UNSERIALIZABLE_VALUE' })
    await expect(
      cache.setMany([
        ['a', 1],
        ['', 1],
      ]),
    ).rejects.toMatchObject({ code: 'TIERCEL_INVALID_KEY' })
    await expect(cache.deleteMany(['a', ''])).rejects.toMatchObject({ code: 'TIERCEL_INVALID_KEY' })
    expect(l2.calls).toEqual([])
    await cache.setMany([])
    await cache.deleteMany([])
    expect(await cache.getMany([])).toEqual([])
  })

  test('of one key twice: the last one counts', async () => {
    const cache = createCache({ l2: new GatedStore() })
    await cache.setMany([
      ['k', 1],
      ['k', 2],
    ])
    expect(await cache.get('k')).toBe(2)
  })
})

describe('namespaces', () => {
  test('keep their keys apart, whatever their names', async () => {
    const l2 = new GatedStore()
    const root = createCache({ l2 })
    const names = ['a', 'b', 'a/b', 'a:b', 'e', '{a}', '*', '%', '__proto__', 'a b', 'ä']
    const caches: Cache[] = [
      root,
      ...names.map((name) => root.namespace(name)),
      root.namespace('a').namespace('b'),
      root.namespace('e').namespace('e'),
    ]
    for (const [i, cache] of caches.entries()) for (const key of ['k', 'e:k', ['e', 'k']] as Key[]) await cache.set(key, i)
    expect(new Set(caches.map((cache) => cache.name)).size).toBe(caches.length)
    for (const reader of [(cache: Cache) => cache, (cache: Cache) => again(l2, cache)]) {
      for (const [i, cache] of caches.entries()) expect(await reader(cache).get('k')).toBe(i)
    }
    function again(store: GatedStore, cache: Cache): Cache {
      const fresh = createCache({ l2: store })
      return caches.indexOf(cache) === 0 ? fresh : cache
    }
  })

  test('of one name are one, with one flight', async () => {
    const cache = createCache()
    const load = vi.fn(async () => 1)
    await Promise.all([cache.namespace('a').getOrSet('k', load), cache.namespace('a').getOrSet('k', load)])
    expect(load).toHaveBeenCalledTimes(1)
    expect(createCache({ namespace: 'shop' }).namespace('a').name).toBe('shop/a')
  })

  test('share counters, events and the end of their cache', async () => {
    const cache = createCache()
    const log = eventLog(cache)
    await cache.namespace('a').getOrSet('k', () => 1)
    expect(cache.stats().loads).toBe(1)
    expect(log).toContain('load.done')
    await cache.namespace('a').close()
    await expect(cache.get('k')).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
  })

  test.each(['', 'x'.repeat(201), '\ud800', 7, undefined])('%j is no name', (name) => {
    expect(() => createCache().namespace(name as string)).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_OPTION' }))
  })
})

describe('keys', () => {
  test('over 1 KiB are hashed and still theirs', async () => {
    const l2 = new GatedStore()
    const set = vi.spyOn(l2.inner, 'setMany')
    const cache = createCache({ l2, namespace: 'n' })
    const [a, b] = [`${'x'.repeat(2_000)}a`, `${'x'.repeat(2_000)}b`]
    await cache.set(a, 'a')
    expect(Buffer.byteLength(set.mock.calls[0]?.[0][0]?.key ?? '')).toBeLessThan(100)
    expect(await createCache({ l2, namespace: 'n' }).getMany([a, b])).toEqual(['a', undefined])
    const unicode = 'é'.repeat(600)
    await cache.set([unicode], 'u')
    expect(await createCache({ l2, namespace: 'n' }).get([unicode])).toBe('u')
  })

  test("a string that looks like an escaped path does not reach the array's entry", async () => {
    const cache = createCache()
    await cache.set(['doc', 'a:b'], 'secret')
    await expect(cache.get('doc:a%3Ab')).rejects.toMatchObject({ code: 'TIERCEL_INVALID_KEY' })
    await expect(cache.getOrSet('doc:a%3Ab', () => 1)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_KEY' })
    expect(await cache.get(['doc', 'a:b'])).toBe('secret')
  })

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s is a key like any other', async (key) => {
    const cache = createCache({ l2: new GatedStore() })
    expect(await cache.get(key)).toBeUndefined()
    await cache.set(key, { x: 1 })
    expect(await cache.get(key)).toEqual({ x: 1 })
  })

  test('that are wrong reject, on every verb', async () => {
    const cache = createCache()
    const calls: ((key: Key) => Promise<unknown>)[] = [
      (key) => cache.get(key),
      (key) => cache.getOrSet(key, () => 1),
      (key) => cache.set(key, 1),
      (key) => cache.delete(key),
      (key) => cache.has(key),
      (key) => cache.getMany([key]),
      (key) => cache.setMany([[key, 1]]),
      (key) => cache.deleteMany([key]),
    ]
    for (const call of calls) {
      for (const key of ['', 'a::b', [], [Number.NaN], undefined, null, 7, {}] as Key[]) {
        await expect(call(key)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_KEY' })
      }
    }
  })
})

describe('bad input', () => {
  test.each([
    [{ tll: 1 }, 'TIERCEL_UNKNOWN_OPTION', 'there is no option "tll". Known: namespace, l1, l2, lease'],
    [{ ttl: 0 }, 'TIERCEL_INVALID_DURATION', 'ttl: 0 is not a duration'],
    [{ ttl: '5 parsecs' }, 'TIERCEL_INVALID_DURATION', '"5 parsecs"'],
    [{ jitter: 1.5 }, 'TIERCEL_INVALID_OPTION', 'jitter: 1.5 is not allowed. Allowed: a number from 0 to 1'],
    [{ values: 'copy' }, 'TIERCEL_INVALID_OPTION', "Allowed: 'freeze', 'share', 'clone'"],
    [{ l1: { maxEntries: 0 } }, 'TIERCEL_INVALID_OPTION', 'l1.maxEntries: 0'],
    [{ l1: { maxBytes: 'lots' } }, 'TIERCEL_INVALID_OPTION', 'l1.maxBytes: "lots"'],
    [{ l1: { max: 1 } }, 'TIERCEL_UNKNOWN_OPTION', 'l1: there is no option "max"'],
    [{ l1: false }, 'TIERCEL_INVALID_OPTION', 'nowhere to keep a value'],
    [{ l2: {} }, 'TIERCEL_INVALID_OPTION', 'is not a store'],
    [{ l2: null }, 'TIERCEL_INVALID_OPTION', 'is not a store'],
    [{ namespace: '' }, 'TIERCEL_INVALID_OPTION', 'namespace: ""'],
    ['redis://x', 'TIERCEL_INVALID_OPTION', 'options must be an object'],
  ])('createCache(%j) is refused', (options, code, message) => {
    expect(() => createCache(options as unknown as CacheOptions)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    )
  })

  test.each([
    [{ tll: 1 }, 'TIERCEL_UNKNOWN_OPTION'],
    [{ ttl: 0 }, 'TIERCEL_INVALID_DURATION'],
    [{ ttl: -1 }, 'TIERCEL_INVALID_DURATION'],
    [{ ttl: Number.NaN }, 'TIERCEL_INVALID_DURATION'],
    [{ ttl: '5 parsecs' }, 'TIERCEL_INVALID_DURATION'],
    [{ jitter: -0.1 }, 'TIERCEL_INVALID_OPTION'],
    [7, 'TIERCEL_INVALID_OPTION'],
    [null, 'TIERCEL_INVALID_OPTION'],
  ])('options %j are refused by set and getOrSet before anything is touched', async (options, code) => {
    const l2 = new GatedStore()
    const cache = createCache({ l2 })
    const load = vi.fn()
    await expect(cache.getOrSet('k', load, options as GetOrSetOptions)).rejects.toMatchObject({ code })
    await expect(cache.set('k', 1, options as SetOptions)).rejects.toMatchObject({ code })
    await expect(cache.setMany([['k', 1]], options as SetOptions)).rejects.toMatchObject({ code })
    expect(load).not.toHaveBeenCalled()
    expect(l2.calls).toEqual([])
  })

  test('what is not a loader, a list, a signal or a listener is refused', async () => {
    const cache = createCache()
    await expect(cache.getOrSet('k', 7 as never)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_LOADER' })
    await expect(cache.getOrSet('k', () => 1, { signal: {} as AbortSignal })).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION' })
    await expect(cache.getMany('k' as never)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION' })
    await expect(cache.setMany({} as never)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION' })
    await expect(cache.deleteMany('k' as never)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION' })
    await expect(cache.set('k', undefined)).rejects.toMatchObject({ code: 'TIERCEL_UNDEFINED_VALUE' })
    expect(() => cache.on('x' as never)).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_OPTION' }))
  })
})

describe('stored bytes that are not an entry', () => {
  test('are a miss and an event, and are replaced by the next load', async () => {
    const l2 = new GatedStore()
    const key = 'tc1:e::k'
    await l2.inner.setMany([{ key, value: Buffer.from('{"hand":"made"}'), ttlMs: 10_000 }])
    const cache = createCache({ l2 })
    const log = eventLog(cache)
    expect(await cache.get('k')).toBeUndefined()
    expect(await cache.getOrSet('k', () => 'loaded')).toBe('loaded')
    await cache.idle()
    expect(log).toEqual([
      'read.rejected not-an-entry',
      'read.miss',
      'read.rejected not-an-entry',
      'read.miss',
      'load.started miss',
      'load.done',
      'write.done',
    ])
    expect(await createCache({ l2 }).get('k')).toBe('loaded')
    expect(cache.stats().l2.rejected).toBe(2)
  })

  test("moved to another key are not that key's value", async () => {
    const l2 = new GatedStore()
    const cache = createCache({ l2 })
    await cache.set('mine', 'secret')
    const bytes = (await l2.inner.get('tc1:e::mine')) as Buffer
    await l2.inner.setMany([{ key: 'tc1:e::yours', value: bytes, ttlMs: 10_000 }])
    expect(await createCache({ l2 }).get('yours')).toBeUndefined()
  })
})

describe('the end', () => {
  test('waits for loads and writes, comes once, and refuses what follows', async () => {
    const l2 = new GatedStore()
    const cache = createCache({ l2 })
    const release = l2.hold('swap', 'before')
    await cache.getOrSet('k', () => 1)
    const closing = Promise.all([cache.close(), cache.close()])
    await expect(cache.get('k')).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
    release()
    await closing
    await expect(cache.set('k', 1)).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
    await expect(cache.getOrSet('k', () => 1)).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
    await expect(cache.delete('k')).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
    expect(() => cache.namespace('a')).toThrow(expect.objectContaining({ code: 'TIERCEL_CLOSED' }))
    await expect(l2.inner.get('k')).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
  })

  test('leaves nothing in memory', async () => {
    const cache = createCache()
    await cache.set('k', 1)
    await cache.close()
    expect(cache.stats().l1).toMatchObject({ entries: 0, sizeBytes: 0 })
  })
})

test('a listener that throws disturbs nobody, and one that left hears nothing', async () => {
  const cache = createCache()
  const heard = vi.fn()
  cache.on(() => {
    throw new Error('mine')
  })
  const leave = cache.on(heard)
  await cache.getOrSet('k', () => 1)
  const count = heard.mock.calls.length
  expect(count).toBeGreaterThan(0)
  leave()
  leave()
  await cache.get('k')
  expect(heard).toHaveBeenCalledTimes(count)
})

test('L1 keeps within its bounds and says what it evicted', async () => {
  const cache = createCache({ l1: { maxEntries: 10 } })
  const log = eventLog(cache)
  for (let i = 0; i < 25; i += 1) await cache.set(['k', i], i)
  expect(cache.stats().l1).toMatchObject({ entries: 10, evictions: 15 })
  expect(log.filter((line) => line === 'entry.evicted l1')).toHaveLength(15)
})
