import { createCache } from 'async-cache-dedupe'
import type { OpenCoherent } from './coherent.ts'
import { connectIoredis5 } from './ioredis.ts'
import type { CacheSetup, OpenedCache } from './subject.ts'
import { MAX_ENTRIES, TTL_MS } from './subject.ts'

const TTL_SECONDS = TTL_MS / 1000

export async function openMemory({ load }: CacheSetup): Promise<OpenedCache> {
  const cache = createCache({ ttl: TTL_SECONDS, storage: { type: 'memory', options: { size: MAX_ENTRIES } } }).define('product', load)
  return {
    read: (key) => cache.product(key),
    close: async () => {},
  }
}

/** Redis alone: it has no second tier. */
export async function openShared({ url, load }: CacheSetup): Promise<OpenedCache> {
  const client = await connectIoredis5(url)
  const cache = createCache({ ttl: TTL_SECONDS, storage: { type: 'redis', options: { client } } }).define('product', load)
  return {
    read: (key) => cache.product(key),
    async close() {
      await client.quit()
    },
  }
}

/** Redis alone, as above. One function is cached, whose argument is the key: the load of a call is found by it. */
export const openCoherent: OpenCoherent = async ({ url, ttlMs }) => {
  const client = await connectIoredis5(url)
  const loads = new Map<string, () => Promise<number>>()
  const cache = createCache({ ttl: Math.ceil(ttlMs / 1000), storage: { type: 'redis', options: { client } } }).define(
    'row',
    async (key: string) => (loads.get(key) as () => Promise<number>)(),
  )
  const noTags = () => Promise.reject(new Error('references are not what a tag is here'))
  return {
    read(key, load) {
      loads.set(key, load)
      return cache.row(key)
    },
    readTagged: noTags,
    async change(key, change) {
      await change()
      await cache.clear('row', key)
    },
    changeTagged: noTags,
  }
}
