import { type Cache, createCache, type ValkeyStoreOptions } from 'tiercel'
import { valkeyStore } from 'tiercel/stores/valkey'
import type { OpenCoherent } from './coherent.ts'
import { connectIoredis5, connectIoredis6, connectIovalkey } from './ioredis.ts'
import { connectNodeRedis } from './node-redis.ts'
import type { CacheSetup, OpenCache, OpenedCache, OpenedStore } from './subject.ts'
import { MAX_ENTRIES, TTL_MS } from './subject.ts'
import type { OpenTagged } from './tagged.ts'

/** The peers wait without limit; a machine that stands still for its 50 ms must not end the run either. Costs the same as the default. */
const STALL_MS = 10_000

const connect = { 'ioredis 5': connectIoredis5, 'ioredis 6': connectIoredis6, iovalkey: connectIovalkey, 'node-redis 6': connectNodeRedis }

export type ClientName = keyof typeof connect

/** `freeze` is the default. */
export type Values = 'freeze' | 'share'

export async function openMemory({ load }: CacheSetup, values: Values): Promise<OpenedCache> {
  const cache = createCache({ namespace: 'bench', l1: { maxEntries: MAX_ENTRIES }, ttl: TTL_MS, values })
  return opened(cache, load)
}

export async function openTiered(client: ClientName, setup: CacheSetup, values: Values): Promise<OpenedCache> {
  return openTieredWith(client, setup, values, {})
}

/** Without what protects it and the server: no breaker, no retry, limits that are never met. */
export async function openUnguarded(setup: CacheSetup): Promise<OpenedCache> {
  const admission = { maxCommands: 10_000_000, maxBytes: '1gb' } as const
  return openTieredWith('ioredis 5', setup, 'freeze', { breaker: false, retryShare: 0, admission })
}

async function openTieredWith(
  client: ClientName,
  { url, load }: CacheSetup,
  values: Values,
  options: ValkeyStoreOptions,
): Promise<OpenedCache> {
  const link = await connectTo(client, url)
  const l2 = valkeyStore(link.client, { timeout: STALL_MS, ...options })
  const cache = createCache({ namespace: 'bench', l1: { maxEntries: MAX_ENTRIES }, l2, ttl: TTL_MS, values })
  const { read, close } = opened(cache, load)
  return {
    read,
    async close() {
      await close()
      await link.close()
    },
  }
}

/** Two tiers on ioredis 5, each entry with the tags that `tagsOf` names for its key. */
export const openTieredWithTags =
  (tagsOf: (key: string) => readonly string[]): OpenCache =>
  async ({ url, load }) => {
    const link = await connectTo('ioredis 5', url)
    const l2 = valkeyStore(link.client, { timeout: STALL_MS })
    const cache = createCache({ namespace: 'bench', l1: { maxEntries: MAX_ENTRIES }, l2, ttl: TTL_MS })
    const { close } = opened(cache, load)
    return {
      read: (key) => cache.getOrSet(key, () => load(key), { tags: tagsOf(key) }),
      async close() {
        await close()
        await link.close()
      },
    }
  }

export const openTagged: OpenTagged = async ({ url, prefix, load }) => {
  const link = await connectTo('ioredis 5', url)
  const l2 = valkeyStore(link.client, { timeout: STALL_MS })
  const cache = createCache({ namespace: prefix, l1: { maxEntries: MAX_ENTRIES }, l2, ttl: TTL_MS })
  return {
    deletesEntries: false,
    write: (key, value, tags) => cache.set(key, value, { tags }),
    read: (key, tags) => cache.getOrSet(key, () => load(key), { tags }),
    invalidate: (tag) => cache.invalidateTag(tag),
    async close() {
      await cache.close()
      await link.close()
    },
  }
}

/** As it comes: a value may be old for a second at most, a step on the server takes 50 ms at most. */
export const openCoherent: OpenCoherent = async ({ url, namespace, ttlMs }) => {
  const link = await connectTo('ioredis 5', url)
  const cache = createCache({ namespace, l2: valkeyStore(link.client), ttl: ttlMs })
  return {
    read: (key, load) => cache.getOrSet(key, load),
    readTagged: (key, tag, load) => cache.getOrSet(key, load, { tags: [tag] }),
    change: (key, change) => cache.mutate(key, change),
    changeTagged: (tag, change) => cache.mutate({ tags: [tag] }, change),
  }
}

/** The store alone, as the cache uses it: bytes under keys. */
export async function openStore(client: ClientName, url: string): Promise<OpenedStore> {
  const link = await connectTo(client, url)
  const store = valkeyStore(link.client, { timeout: STALL_MS })
  await store.ready()
  return {
    async write(entries) {
      await store.setMany(entries.map(([key, value]) => ({ key, value: Buffer.from(value), ttlMs: TTL_MS })))
    },
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
