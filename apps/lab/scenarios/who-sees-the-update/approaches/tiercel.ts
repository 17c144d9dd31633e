import { createCache } from 'tiercel'
import { valkeyStore } from 'tiercel/stores/valkey'
import { type Approach, type Place, patienceMs } from './approach.ts'

/** Tracking with a proof: nothing is served from memory unless the link has shown, less than `maxStaleness` ago, that it is alive. */
export async function tiercel({ url, key, ttlMs: ttl }: Place, maxStaleness: number): Promise<Approach> {
  const l2 = valkeyStore(url, { timeout: patienceMs })
  const cache = createCache({ namespace: key, l2, ttl, coherence: { maxStaleness } })

  return {
    read: (load) => cache.getOrSet('row', load),
    update: (change) => cache.mutate('row', change),
    async close() {
      await cache.close()
      await l2.close()
    },
  }
}
