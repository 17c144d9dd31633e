import { createCache } from 'tiercel'
import { valkeyStore } from 'tiercel/stores/valkey'
import type { Place, Way } from './way.ts'

/** Tiercel. L1 is off, so that every read has to ask Valkey, as in the other lanes. */
export async function token({ url, namespace, ttlMs: ttl }: Place, tags = ['catalogue']): Promise<Way> {
  const l2 = valkeyStore(url, { timeout: '5s' })
  const cache = createCache({ namespace, l1: false, l2, ttl })
  return {
    write: (entries) =>
      cache.setMany(
        entries.map(([id, value]) => [['item', id], value]),
        { tags },
      ),
    read: (id, load) => cache.getOrSet(['item', id], load, { tags }),
    invalidate: () => cache.invalidateTag('catalogue'),
    async close() {
      await cache.close()
      await l2.close()
    },
  }
}
