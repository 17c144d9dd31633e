import { createClient } from '@redis/client'
import { inTime } from '../../in-time.ts'
import type { Product } from '../protocol.ts'
import type { Approach, Place } from './approach.ts'

const patienceMs = 50

/** By somebody who has been woken at night before: no queue for a server that is away, a limit on every wait, errors caught. */
export async function careful({ url, namespace, ttlMs }: Place): Promise<Approach> {
  const client = createClient({ url, disableOfflineQueue: true, socket: { connectTimeout: 500 } })
  client.on('error', () => undefined)
  await client.connect()
  const keyOf = (id: number) => `${namespace}:product:${id}`

  return {
    async read(id, load) {
      const stored = await inTime(client.get(keyOf(id)), patienceMs)
      if (stored !== null) return JSON.parse(stored) as Product
      const product = await load()
      void inTime(client.set(keyOf(id), JSON.stringify(product), { expiration: { type: 'PX', value: ttlMs } }), patienceMs)
      return product
    },
    async update(id, change) {
      change()
      await client.del(keyOf(id))
    },
    close: async () => client.destroy(),
  }
}
