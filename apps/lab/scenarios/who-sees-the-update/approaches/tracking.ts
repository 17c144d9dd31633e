import { inTime } from '../../in-time.ts'
import type { Row } from '../protocol.ts'
import { type Approach, connect, type Place, patienceMs } from './approach.ts'

/** The client-side cache of node-redis: the server remembers who read a key, and pushes when it changes. */
export async function tracking({ url, key, ttlMs }: Place): Promise<Approach> {
  const client = await connect(url, { clientSideCache: { ttl: ttlMs, maxEntries: 1000, evictPolicy: 'LRU' } })

  return {
    async read(load) {
      const stored = await inTime(client.get(key), patienceMs)
      if (stored !== null) return JSON.parse(stored)
      const row: Row = await load()
      await inTime(client.set(key, JSON.stringify(row), { expiration: { type: 'PX', value: ttlMs } }), patienceMs)
      return row
    },
    async update(change) {
      await change()
      await client.del(key)
    },
    close: async () => client.destroy(),
  }
}
