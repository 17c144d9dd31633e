import { createClient } from '@redis/client'
import { type RunningServer, serverNames, startStandalone } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Cache, createCache, type KeyParam, valkeyStore } from '../../src/index.ts'
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

  test('300 keys, every third in L2, are six MGETs and one query', async () => {
    const keys = Array.from({ length: 300 }, (_, id) => ['k', id] as const)
    await newCache('batch').setMany(keys.filter(([, id]) => id % 3 === 0).map((key) => [key, key[1]]))
    const cache = newCache('batch')
    await cache.get('warm')
    const before = await commandCounts(admin)
    const loadMany = vi.fn(async (missing: readonly (readonly ['k', number])[]) => missing.map(([, id]) => id))
    const values = await cache.getOrSetMany(keys, loadMany, { batchWindow: '1m' })
    await cache.idle()
    const after = await commandCounts(admin)
    expect(values).toEqual(keys.map(([, id]) => id))
    expect(loadMany.mock.calls.map(([missing]) => missing.length)).toEqual([200])
    expect(after.total('mget') - before.total('mget')).toBe(6)
    expect(await newCache('batch').getMany(keys)).toEqual(values)
  })

  test('a resource: 200 gets of one turn, one query, and none for the next process', async () => {
    const loadMany = vi.fn(async (list: readonly { readonly id: KeyParam }[]) => new Map(list.map(({ id }) => [id, `product ${id}`])))
    const definition = { key: 'product:{id}:details', ttl: '10m', batchWindow: '1m', loadMany } as const
    const ids = Array.from({ length: 200 }, (_, id) => id)
    for (const cache of [newCache('resource'), newCache('resource')]) {
      const products = cache.resource(definition)
      expect(await Promise.all(ids.map((id) => products.get({ id })))).toEqual(ids.map((id) => `product ${id}`))
      await cache.idle()
    }
    expect(loadMany.mock.calls.map(([list]) => list.length)).toEqual([200])
    expect(await admin.exists('tc1:resource:e:product:7:details')).toBe(1)
  })

  test('a memoized function: equal arguments are one key, also in the next process and beyond 1 KiB', async () => {
    const fn = vi.fn((ids: ReadonlySet<string>) => ids.size)
    const members = Array.from({ length: 300 }, (_, id) => `member ${id}`)
    const first = newCache('memoize')
    expect(await first.memoize(fn, { name: 'set:size' })(new Set(members))).toBe(300)
    await first.idle()
    expect(await newCache('memoize').memoize(fn, { name: 'set:size' })(new Set(members.toReversed()))).toBe(300)
    expect(fn).toHaveBeenCalledTimes(1)
    expect((await admin.keys('tc1:memoize:e:%#*')).length).toBe(1)
  })

  test('with the server away, a batch is still one query', async () => {
    const lone = await startStandalone({ server: name })
    const cache = createCache({ l2: valkeyStore(lone.url, { timeout: '50ms', connectTimeout: '1s' }) })
    caches.push(cache)
    await cache.get('warm')
    await lone.stop()
    const loadMany = vi.fn((keys: readonly string[]) => keys.map((key) => key.length))
    expect(await cache.getOrSetMany(['a', 'bb', 'ccc'], loadMany, { batchWindow: '1m' })).toEqual([1, 2, 3])
    expect(loadMany).toHaveBeenCalledTimes(1)
  })
})
