import { inTime } from '../../in-time.ts'
import type { Row } from '../protocol.ts'
import { type Approach, connect, type Place, patienceMs } from './approach.ts'

/** As tutorials have it: a map per process, and a message that says which key to forget. */
export async function pubSub({ url, key, ttlMs }: Place): Promise<Approach> {
  const memory = new Map<string, { row: Row; endsAtMs: number }>()
  const client = await connect(url)
  const subscriber = await connect(url)
  const channel = `${key}:changed`
  await subscriber.subscribe(channel, (changed) => memory.delete(changed))

  return {
    async read(load) {
      const kept = memory.get(key)
      if (kept !== undefined && Date.now() < kept.endsAtMs) return kept.row
      const stored = await inTime(client.get(key), patienceMs)
      const row: Row = stored === null ? await load() : JSON.parse(stored)
      if (stored === null) await inTime(client.set(key, JSON.stringify(row), { expiration: { type: 'PX', value: ttlMs } }), patienceMs)
      memory.set(key, { row, endsAtMs: Date.now() + ttlMs })
      return row
    },
    async update(change) {
      await change()
      await client.del(key)
      await client.publish(channel, key)
    },
    async close() {
      client.destroy()
      subscriber.destroy()
    },
  }
}
