import { createCache } from 'async-cache-dedupe'
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
