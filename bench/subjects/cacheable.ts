import { createKeyv as createKeyvRedis } from '@keyv/redis'
import { Cacheable, createKeyv } from 'cacheable'
import type { CacheSetup, OpenedCache } from './subject.ts'
import { MAX_ENTRIES, TTL_MS } from './subject.ts'

export async function openMemory({ load }: CacheSetup): Promise<OpenedCache> {
  return opened(new Cacheable({ primary: memory(), ttl: TTL_MS }), load)
}

export async function openTiered({ url, load }: CacheSetup): Promise<OpenedCache> {
  return opened(new Cacheable({ primary: memory(), secondary: createKeyvRedis(url), ttl: TTL_MS }), load)
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
