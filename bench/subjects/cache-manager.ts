import { createKeyv as createKeyvRedis } from '@keyv/redis'
import { createCache } from 'cache-manager'
import { createKeyv } from 'cacheable'
import type { Keyv } from 'keyv'
import type { OpenCoherent } from './coherent.ts'
import type { CacheSetup, OpenedCache } from './subject.ts'
import { MAX_ENTRIES, TTL_MS } from './subject.ts'

export async function openMemory(setup: CacheSetup): Promise<OpenedCache> {
  return open([memory()], setup)
}

export async function openTiered(setup: CacheSetup): Promise<OpenedCache> {
  return open([memory(), createKeyvRedis(setup.url)], setup)
}

/** Two tiers; it has nothing that tells other processes, and no tags. */
export const openCoherent: OpenCoherent = async ({ url, namespace, ttlMs }) => {
  const cache = createCache({ stores: [memory(), createKeyvRedis(url, { namespace })], ttl: ttlMs })
  const noTags = () => Promise.reject(new Error('cache-manager has no tags'))
  return {
    read: (key, load) => cache.wrap(key, load),
    readTagged: noTags,
    async change(key, change) {
      await change()
      await cache.del(key)
    },
    changeTagged: noTags,
  }
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
