import { createClient } from '@redis/client'
import { Redis } from 'ioredis'
import { createCache, valkeyStore } from '../../src/index.ts'
import type { Subject, SubjectOptions } from './subject.ts'

/** Tiercel, with ages short enough that values become stale and are refreshed. The one place that knows its calls. */
export async function tiercelCache({ url, namespace, l1 = true, client, stepTimeout = '5s' }: SubjectOptions): Promise<Subject> {
  const live = client === 'node-redis' ? await nodeRedis(url) : ioredis(url)
  const cache = createCache({
    namespace,
    l2: valkeyStore(live.client, { timeout: stepTimeout, connectTimeout: '10s' }),
    ttl: '3s',
    grace: '30s',
    coherence: { maxStaleness: '1s' },
    ...(l1 ? {} : { l1 }),
  })
  return {
    get: (key) => cache.get(key),
    getOrSet: (key, load, options) => cache.getOrSet(key, load, options),
    set: async (key, value) => {
      await cache.set(key, value)
      return 'applied'
    },
    delete: (key) => cache.delete(key),
    invalidateTag: (tag) => cache.invalidateTag(tag),
    expireTag: (tag) => cache.expireTag(tag),
    clear: () => cache.clear(),
    mutate: (targets, change) => cache.mutate(targets, change),
    async close() {
      await cache.close()
      live.close()
    },
  }
}

interface LiveClient {
  readonly client: object
  close(): void
}

function ioredis(url: string): LiveClient {
  const client = new Redis(url)
  client.on('error', () => undefined)
  return { client, close: () => client.disconnect() }
}

async function nodeRedis(url: string): Promise<LiveClient> {
  const client = createClient({ url })
  client.on('error', () => undefined)
  await client.connect()
  return { client, close: () => client.destroy() }
}
