import { serverNames, startStandalone } from '@tiercel/test-servers'
import { describe, expect, test, vi } from 'vitest'
import { createCache, type KeyParam, valkeyStore } from '../../src/index.ts'
import { commandCounts } from './command-counts.ts'
import { useLiveServer, warmUp } from './live-server.ts'

describe.each(serverNames)('on %s', (name) => {
  const onServer = useLiveServer(name)

  test('300 keys, every third in L2, are six MGETs and one query', async () => {
    const keys = Array.from({ length: 300 }, (_, id) => ['k', id] as const)
    await onServer.newCache('batch').setMany(keys.filter(([, id]) => id % 3 === 0).map((key) => [key, key[1]]))
    const cache = onServer.newCache('batch')
    await warmUp(cache)
    const before = await commandCounts(onServer.admin)
    const loadMany = vi.fn(async (missing: readonly (readonly ['k', number])[]) => missing.map(([, id]) => id))
    const values = await cache.getOrSetMany(keys, loadMany, { batchWindow: '1m' })
    await cache.idle()
    const after = await commandCounts(onServer.admin)
    expect(values).toEqual(keys.map(([, id]) => id))
    expect(loadMany.mock.calls.map(([missing]) => missing.length)).toEqual([200])
    expect(after.total('mget') - before.total('mget')).toBe(6)
    expect(await onServer.newCache('batch').getMany(keys)).toEqual(values)
  })

  test('a resource: 200 gets of one turn, one query, and none for the next process', async () => {
    const loadMany = vi.fn(async (list: readonly { readonly id: KeyParam }[]) => new Map(list.map(({ id }) => [id, `product ${id}`])))
    const definition = { key: 'product:{id}:details', ttl: '10m', batchWindow: '1m', loadMany } as const
    const ids = Array.from({ length: 200 }, (_, id) => id)
    for (const cache of [onServer.newCache('resource'), onServer.newCache('resource')]) {
      const products = cache.resource(definition)
      expect(await Promise.all(ids.map((id) => products.get({ id })))).toEqual(ids.map((id) => `product ${id}`))
      await cache.idle()
    }
    expect(loadMany.mock.calls.map(([list]) => list.length)).toEqual([200])
    expect(await onServer.admin.exists('tc1:e:resource:product:7:details')).toBe(1)
  })

  test('a memoized function: equal arguments are one key, also in the next process and beyond 1 KiB', async () => {
    const fn = vi.fn((ids: ReadonlySet<string>) => ids.size)
    const members = Array.from({ length: 300 }, (_, id) => `member ${id}`)
    const first = onServer.newCache('memoize')
    expect(await first.memoize(fn, { name: 'set:size' })(new Set(members))).toBe(300)
    await first.idle()
    expect(await onServer.newCache('memoize').memoize(fn, { name: 'set:size' })(new Set(members.toReversed()))).toBe(300)
    expect(fn).toHaveBeenCalledTimes(1)
    expect((await onServer.admin.keys('tc1:e:memoize:%#*')).length).toBe(1)
  })

  test('with the server away, a batch is still one query', async () => {
    const lone = await startStandalone({ server: name })
    const cache = createCache({ l2: valkeyStore(lone.url, { timeout: '50ms', connectTimeout: '1s' }) })
    await cache.get('warm')
    await lone.stop()
    const loadMany = vi.fn((keys: readonly string[]) => keys.map((key) => key.length))
    expect(await cache.getOrSetMany(['a', 'bb', 'ccc'], loadMany, { batchWindow: '1m' })).toEqual([1, 2, 3])
    expect(loadMany).toHaveBeenCalledTimes(1)
    await cache.close()
  })
})
