import { LRUCache } from 'lru-cache'
import { connectNodeRedis } from './node-redis.ts'
import type { CacheSetup, Item, OpenedCache } from './subject.ts'
import { MAX_ENTRIES, TTL_MS } from './subject.ts'

/** What a good engineer writes instead of taking a library: an LRU with a ttl and a map of flights. */
export async function openMemory({ load }: CacheSetup): Promise<OpenedCache> {
  const getOrSet = singleFlight(new LRUCache({ max: MAX_ENTRIES, ttl: TTL_MS }))
  return {
    read: (key) => getOrSet(key, () => load(key)),
    close: async () => {},
  }
}

/** The same with a client behind it: GET, else load and SET. */
export async function openTiered({ url, load }: CacheSetup): Promise<OpenedCache> {
  const client = await connectNodeRedis(url)
  const getOrSet = singleFlight(new LRUCache({ max: MAX_ENTRIES, ttl: TTL_MS }))
  const readThrough = async (key: string): Promise<Item> => {
    const stored = await client.get(key)
    if (stored !== null) return JSON.parse(stored) as Item
    const value = await load(key)
    await client.set(key, JSON.stringify(value), { expiration: { type: 'PX', value: TTL_MS } })
    return value
  }
  return {
    read: (key) => getOrSet(key, () => readThrough(key)),
    close: () => client.close(),
  }
}

function singleFlight(values: LRUCache<string, Item>) {
  const flights = new Map<string, Promise<Item>>()
  const fly = async (key: string, load: () => Promise<Item>): Promise<Item> => {
    try {
      const value = await load()
      values.set(key, value)
      return value
    } finally {
      flights.delete(key)
    }
  }
  return async (key: string, load: () => Promise<Item>): Promise<Item> => {
    const value = values.get(key)
    if (value !== undefined) return value
    let flight = flights.get(key)
    if (flight === undefined) {
      flight = fly(key, load)
      flights.set(key, flight)
    }
    return flight
  }
}
