import { createCache } from 'tiercel'
import { valkeyStore } from 'tiercel/stores/valkey'
import type { Approach, Place } from './approach.ts'

/** Tiercel with the options that it comes with. */
export async function tiercel({ url, namespace, ttlMs: ttl, hasL1 }: Place): Promise<Approach> {
  const l2 = valkeyStore(url)
  const cache = createCache({ namespace, l2, ttl, ...(hasL1 ? {} : { l1: false }) })

  return {
    read: (id, load) => cache.getOrSet(['product', id], load),
    async update(id, change) {
      await cache.mutate(['product', id], async () => change())
    },
    async close() {
      await cache.close()
      await l2.close()
    },
  }
}
