import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisDriver } from 'bentocache/drivers/redis'
import { connectIoredis5 } from './ioredis.ts'
import type { CacheSetup, OpenedCache } from './subject.ts'
import { MAX_ENTRIES, TTL_MS } from './subject.ts'

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
