import { createKeyv as createKeyvRedis } from '@keyv/redis'
import { createCache } from 'cache-manager'
import { createKeyv } from 'cacheable'
import type { Keyv } from 'keyv'
import type { CacheSetup, OpenedCache } from './subject.ts'
import { MAX_ENTRIES, TTL_MS } from './subject.ts'

export async function openMemory(setup: CacheSetup): Promise<OpenedCache> {
  return open([memory()], setup)
}

export async function openTiered(setup: CacheSetup): Promise<OpenedCache> {
  return open([memory(), createKeyvRedis(setup.url)], setup)
}

/** The memory store that its documentation recommends. */
function memory(): Keyv {
  return createKeyv({ lruSize: MAX_ENTRIES, useClone: false })
}

function open(stores: Keyv[], { load }: CacheSetup): OpenedCache {
  const cache = createCache({ stores, ttl: TTL_MS })
  return {
    read: (key) => cache.wrap(key, () => load(key)),
    async close() {
      await cache.disconnect()
    },
  }
}
