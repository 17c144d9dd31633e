import { type Cache, type CacheEntry, cachified, totalTtl } from '@epic-web/cachified'
import { redisCacheAdapter } from 'cachified-redis-adapter'
import { LRUCache } from 'lru-cache'
import { connectNodeRedis } from './node-redis.ts'
import type { CacheSetup, OpenedCache } from './subject.ts'
import { MAX_ENTRIES, TTL_MS } from './subject.ts'

/** Over lru-cache, with the adapter of its own README. */
export async function openMemory({ load }: CacheSetup): Promise<OpenedCache> {
  const entries = new LRUCache<string, CacheEntry>({ max: MAX_ENTRIES })
  const cache: Cache = {
    set: (key, value) => entries.set(key, value, { ttl: totalTtl(value.metadata), start: value.metadata.createdTime }),
    get: (key) => entries.get(key),
    delete: (key) => entries.delete(key),
  }
  return {
    read: (key) => cachified({ key, cache, ttl: TTL_MS, getFreshValue: () => load(key) }),
    close: async () => {},
  }
}

/** Redis alone: it has no second tier. Its adapter takes node-redis, given here with the timer of each command off. */
export async function openShared({ url, load }: CacheSetup): Promise<OpenedCache> {
  const client = await connectNodeRedis(url)
  const cache = redisCacheAdapter({
    name: 'redis',
    get: (key) => client.get(key),
    set: (key, value, options) =>
      options === undefined ? client.set(key, value) : client.set(key, value, { expiration: { type: 'EXAT', value: options.EXAT } }),
    del: (key) => client.del(key),
  })
  return {
    read: (key) => cachified({ key, cache, ttl: TTL_MS, getFreshValue: () => load(key) }),
    close: () => client.close(),
  }
}
