import { createClient } from '@redis/client'
import type { Product } from '../protocol.ts'
import type { Approach, Place } from './approach.ts'

/** As tutorials have it: `GET`, load, `SET`, and a client with the options that it comes with. */
export async function naive({ url, namespace, ttlMs }: Place): Promise<Approach> {
  const client = createClient({ url })
  client.on('error', () => undefined)
  await client.connect()
  const keyOf = (id: number) => `${namespace}:product:${id}`

  return {
    async read(id, load) {
      const stored = await client.get(keyOf(id))
      if (stored !== null) return JSON.parse(stored) as Product
      const product = await load()
      await client.set(keyOf(id), JSON.stringify(product), { expiration: { type: 'PX', value: ttlMs } })
      return product
    },
    async update(id, change) {
      change()
      await client.del(keyOf(id))
    },
    close: async () => client.destroy(),
  }
}
