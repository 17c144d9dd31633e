import { createKeyv as createKeyvRedis } from '@keyv/redis'
import { RedisMessageProvider } from '@qified/redis'
import { Cacheable, createKeyv } from 'cacheable'
import type { OpenCoherent } from './coherent.ts'
import type { CacheSetup, Item, OpenedCache } from './subject.ts'
import { MAX_ENTRIES, TTL_MS } from './subject.ts'
import type { OpenTagged } from './tagged.ts'

export async function openMemory({ load }: CacheSetup): Promise<OpenedCache> {
  return opened(new Cacheable({ primary: memory(), ttl: TTL_MS }), load)
}

export async function openTiered({ url, load }: CacheSetup): Promise<OpenedCache> {
  return opened(new Cacheable({ primary: memory(), secondary: createKeyvRedis(url), ttl: TTL_MS }), load)
}

/** Two tiers, its sync over pub/sub, and its tag service. Its `getOrSet` takes no tags: what has one is read, else loaded and set. */
export const openCoherent: OpenCoherent = async ({ url, namespace, ttlMs }) => {
  // Its message provider listens to no errors of its connections: a reset one would end the process.
  process.on('uncaughtException', (error) => process.stderr.write(`cacheable: ${error.message}\n`))
  const sync = { qified: new RedisMessageProvider({ uri: url }) }
  const cache = new Cacheable({ primary: memory(), secondary: createKeyvRedis(url), ttl: ttlMs, namespace, tags: true, sync })
  return {
    read: async (key, load) => (await cache.getOrSet(key, load)) as number,
    async readTagged(key, tag, load) {
      const stored = await cache.get<number>(key)
      if (stored !== undefined) return stored
      const value = await load()
      await cache.set(key, value, { tags: [tag] })
      return value
    },
    async change(key, change) {
      await change()
      await cache.delete(key)
    },
    async changeTagged(tag, change) {
      await change()
      await cache.tags.invalidateTag(tag)
    },
  }
}

/** Two tiers and its tag service. Its `getOrSet` takes no tags: an entry is read, else loaded and set. */
export const openTagged: OpenTagged = async ({ url, prefix, load }) => {
  const cache = new Cacheable({ primary: memory(), secondary: createKeyvRedis(url), ttl: TTL_MS, namespace: prefix, tags: true })
  return {
    deletesEntries: false,
    write: (key, value, tags) => cache.set(key, value, { tags: [...tags] }),
    async read(key, tags) {
      const stored = await cache.get<Item>(key)
      if (stored !== undefined) return stored
      const value = await load(key)
      await cache.set(key, value, { tags: [...tags] })
      return value
    },
    invalidate: (tag) => cache.tags.invalidateTag(tag),
    close: () => cache.disconnect(),
  }
}

function memory() {
  return createKeyv({ lruSize: MAX_ENTRIES, useClone: false })
}

function opened(cache: Cacheable, load: CacheSetup['load']): OpenedCache {
  return {
    read: async (key) => (await cache.getOrSet(key, () => load(key))) as Awaited<ReturnType<typeof load>>,
    close: () => cache.disconnect(),
  }
}
