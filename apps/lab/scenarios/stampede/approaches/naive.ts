import type { ByHand, Get } from './approach.ts'

/** Looks, loads when nothing is there, stores. Whoever looks meanwhile does the same. */
export function naive({ client, key, ttlMs }: ByHand): Get {
  return async (load) => {
    const kept = await client.get(key)
    if (kept !== null) return JSON.parse(kept)
    const value = await load()
    await client.set(key, JSON.stringify(value), { expiration: { type: 'PX', value: ttlMs } })
    return value
  }
}
