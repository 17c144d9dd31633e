import { type RunningServer, type ServerName, serverNames, startCluster, startStandalone } from '@tiercel/test-servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Cache, createCache, valkeyStore } from '../../src/index.ts'
import { deferred } from '../cache/deferred.ts'
import { clientPackages, type LiveClient } from '../conformance/live-clients.ts'

const patience = { timeout: '5s', connectTimeout: '10s' } as const

async function start(
  server: ServerName,
  kind: 'standalone' | 'cluster',
): Promise<{ nodes: readonly RunningServer[]; stop(): Promise<void> }> {
  if (kind === 'cluster') return startCluster({ server, primaries: 3 })
  const node = await startStandalone({ server })
  return { nodes: [node], stop: () => node.stop() }
}

describe.each(serverNames)('cache.admin on %s', (server) => {
  describe.each(['standalone', 'cluster'] as const)('%s', (kind) => {
    const caches: Cache[] = []
    let live: LiveClient
    let stop: () => Promise<void>

    beforeAll(async () => {
      const servers = await start(server, kind)
      stop = () => servers.stop()
      const [client] = clientPackages
      const urls = servers.nodes.map(({ url }) => url)
      live = (await (kind === 'cluster' ? client?.cluster(urls) : client?.standalone(urls[0] as string))) as LiveClient
    })
    afterAll(async () => {
      for (const cache of caches) await cache.close()
      await live.end()
      await stop()
    })

    function newCache(namespace: string): Cache {
      const cache = createCache({ namespace, l2: valkeyStore(live.live, patience) })
      caches.push(cache)
      return cache
    }

    test('finds and deletes what is in its namespace, in both tiers, and nothing else', async () => {
      const cache = newCache('shop')
      const inner = cache.namespace('inner')
      const neighbour = newCache('shop2')
      const users = Array.from({ length: 50 }, (_, id) => ['user', id] as const)
      for (const each of [cache, inner, neighbour]) await each.setMany([...users.map((key) => [key, 1] as const), [['*', 'a:b'], 2]])
      expect((await cache.admin.keys()).sort()).toEqual([...users.map(([, id]) => `user:${id}`), '*:a%3Ab'].sort())
      expect(await cache.admin.keys({ pattern: 'user:1?' })).toHaveLength(10)
      const found: string[] = []
      for await (const path of cache.admin.scan({ prefix: 'user:4' })) found.push(path)
      expect(new Set(found).size).toBe(11)

      await cache.getMany(users)
      expect(await cache.admin.deleteByPrefix('user:')).toEqual({ deleted: 50, fenced: 0 })
      expect(await cache.getMany(users)).toEqual(users.map(() => undefined))
      expect(cache.stats().deletes).toBe(50)
      expect(await cache.get(['*', 'a:b'])).toBe(2)
      expect(await cache.admin.deleteByPattern('\\**')).toEqual({ deleted: 1, fenced: 0 })
      expect(await cache.admin.keys()).toEqual([])
      expect(await inner.admin.keys()).toHaveLength(51)
      expect(await neighbour.admin.keys()).toHaveLength(51)
    })

    test('keeps a load that is under way from storing its result, and leaves a fence', async () => {
      const cache = newCache('loads')
      const loaded = deferred<string>()
      const begun = deferred<undefined>()
      const loading = cache.getOrSet('k', () => (begun.resolve(undefined), loaded.promise))
      await begun.promise
      const long = 'x'.repeat(2_000)
      await cache.set(long, 1)
      await cache.mutate('fenced', async () => expect(await cache.admin.deleteByPrefix('')).toEqual({ deleted: 2, fenced: 1 }))
      loaded.resolve('old')
      expect(await loading).toBe('old')
      await cache.idle()
      expect(await cache.getMany(['k', long])).toEqual([undefined, undefined])
    })
  })
})
