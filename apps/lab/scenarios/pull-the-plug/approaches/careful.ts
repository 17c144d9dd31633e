import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from '@redis/client'
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
      const stored = await inTime(client.get(keyOf(id)))
      if (stored !== null) return JSON.parse(stored) as Product
      const product = await load()
      void inTime(client.set(keyOf(id), JSON.stringify(product), { expiration: { type: 'PX', value: ttlMs } }))
      return product
    },
    async update(id, change) {
      change()
      await client.del(keyOf(id))
    },
    close: async () => client.destroy(),
  }
}

/** What the server answers in time, or nothing. */
async function inTime<T>(answer: Promise<T>): Promise<T | null> {
  const late = new AbortController()
  const limit = wait(patienceMs, null, { signal: late.signal }).catch(() => null)
  const first = await Promise.race([answer.catch(() => null), limit])
  late.abort()
  return first
}
