import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis'
import type { OpenCoherent } from './coherent.ts'
import { connectIoredis5 } from './ioredis.ts'
import type { CacheSetup, OpenedCache } from './subject.ts'
import { MAX_ENTRIES, TTL_MS } from './subject.ts'
import type { OpenTagged } from './tagged.ts'

/** Its default keeps a serialized copy in memory, so that no caller can change what others get; `share` hands one object to all. */
export type Values = 'serialize' | 'share'

export async function openMemory(setup: CacheSetup, values: Values): Promise<OpenedCache> {
  return open(bentostore().useL1Layer(memory(values)), setup)
}

/** Two tiers, on ioredis 5: it takes no other client. Without its bus, which a read does not use. */
export async function openTiered(setup: CacheSetup, values: Values): Promise<OpenedCache> {
  const connection = await connectIoredis5(setup.url)
  return open(bentostore().useL1Layer(memory(values)).useL2Layer(redisDriver({ connection })), setup)
}

/** Two tiers and its bus, which tells the others of an invalidation. */
async function openWithBus(url: string, prefix: string, ttl: number) {
  const connection = await connectIoredis5(url)
  const { hostname, port } = new URL(url)
  const main = bentostore()
    .useL1Layer(memory('serialize'))
    .useL2Layer(redisDriver({ connection }))
    .useBus(redisBusDriver({ connection: { host: hostname, port: Number(port) } }))
  return new BentoCache({ default: 'main', stores: { main }, ttl, prefix })
}

export const openCoherent: OpenCoherent = async ({ url, namespace, ttlMs }) => {
  const cache = await openWithBus(url, namespace, ttlMs)
  return {
    read: (key, factory) => cache.getOrSet({ key, factory }),
    readTagged: (key, tag, factory) => cache.getOrSet({ key, factory, tags: [tag] }),
    async change(key, change) {
      await change()
      await cache.delete({ key })
    },
    async changeTagged(tag, change) {
      await change()
      await cache.deleteByTag({ tags: [tag] })
    },
  }
}

export const openTagged: OpenTagged = async ({ url, prefix, load }) => {
  const cache = await openWithBus(url, prefix, TTL_MS)
  return {
    deletesEntries: false,
    write: (key, value, tags) => cache.set({ key, value, tags: [...tags] }),
    read: (key, tags) => cache.getOrSet({ key, factory: () => load(key), tags: [...tags] }),
    invalidate: (tag) => cache.deleteByTag({ tags: [tag] }),
    close: () => cache.disconnectAll(),
  }
}

function memory(values: Values) {
  return memoryDriver({ maxItems: MAX_ENTRIES, serialize: values === 'serialize' })
}

function open(main: ReturnType<typeof bentostore>, { load }: CacheSetup): OpenedCache {
  const cache = new BentoCache({ default: 'main', stores: { main }, ttl: TTL_MS })
  return {
    read: (key) => cache.getOrSet({ key, factory: () => load(key) }),
    close: () => cache.disconnectAll(),
  }
}
