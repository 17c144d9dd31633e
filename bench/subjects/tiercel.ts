import { type Cache, createCache } from 'tiercel'
import { valkeyStore } from 'tiercel/stores/valkey'
import { connectIoredis6, connectIovalkey } from './ioredis.ts'
import { connectNodeRedis } from './node-redis.ts'
import type { CacheSetup, OpenedCache, OpenedStore } from './subject.ts'
import { MAX_ENTRIES, TTL_MS } from './subject.ts'

const connect = { 'ioredis 6': connectIoredis6, iovalkey: connectIovalkey, 'node-redis 6': connectNodeRedis }

export type ClientName = keyof typeof connect

export async function openMemory({ load }: CacheSetup): Promise<OpenedCache> {
  const cache = createCache({ namespace: 'bench', l1: { maxEntries: MAX_ENTRIES }, ttl: TTL_MS })
  return opened(cache, load)
}

export async function openTiered(client: ClientName, { url, load }: CacheSetup): Promise<OpenedCache> {
  const link = await connectTo(client, url)
  const cache = createCache({ namespace: 'bench', l1: { maxEntries: MAX_ENTRIES }, l2: valkeyStore(link.client), ttl: TTL_MS })
  const { read, close } = opened(cache, load)
  return {
    read,
    async close() {
      await close()
      await link.close()
    },
  }
}

/** The store alone, as the cache uses it: bytes under keys. */
export async function openStore(client: ClientName, url: string): Promise<OpenedStore> {
  const link = await connectTo(client, url)
  const store = valkeyStore(link.client)
  await store.ready()
  return {
    write: (entries) => store.setMany(entries.map(([key, value]) => ({ key, value: Buffer.from(value), ttlMs: TTL_MS }))),
    get: (key) => store.get(key),
    text: (value) =>
      value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString() : String(value),
    async close() {
      await store.close()
      await link.close()
    },
  }
}

function opened(cache: Cache, load: CacheSetup['load']): OpenedCache {
  return {
    read: (key) => cache.getOrSet(key, () => load(key)),
    async close() {
      await cache.idle()
      await cache.close()
    },
  }
}

async function connectTo(name: ClientName, url: string) {
  const client = await connect[name](url)
  return { client, close: async () => void (await ('quit' in client ? client.quit() : undefined)) }
}
