import { connectNodeRedis } from './node-redis.ts'
import { type Item, TTL_MS } from './subject.ts'
import type { OpenTagged } from './tagged.ts'

/** So many keys per UNLINK: one of 100,000 would keep everybody else waiting. */
const KEYS_PER_UNLINK = 1_000

/** A set per tag with the keys that carry it: SADD beside every SET, SMEMBERS and UNLINK to invalidate. */
export const openMemberSets: OpenTagged = async ({ url, prefix, load }) => {
  const client = await connectNodeRedis(url)
  const setOf = (tag: string): string => `${prefix}:members:${tag}`
  const write = async (key: string, value: Item, tags: readonly string[]): Promise<void> => {
    await Promise.all([
      client.set(`${prefix}:${key}`, JSON.stringify(value), { expiration: { type: 'PX', value: TTL_MS } }),
      ...tags.map((tag) => client.sAdd(setOf(tag), key)),
      ...tags.map((tag) => client.pExpire(setOf(tag), TTL_MS)),
    ])
  }
  return {
    deletesEntries: true,
    write,
    async read(key, tags) {
      const stored = await client.get(`${prefix}:${key}`)
      if (stored !== null) return JSON.parse(stored) as Item
      const value = await load(key)
      await write(key, value, tags)
      return value
    },
    async invalidate(tag) {
      const keys = await client.sMembers(setOf(tag))
      for (let from = 0; from < keys.length; from += KEYS_PER_UNLINK) {
        await client.unlink(keys.slice(from, from + KEYS_PER_UNLINK).map((key) => `${prefix}:${key}`))
      }
      await client.unlink(setOf(tag))
    },
    close: () => client.close(),
  }
}

/** The tags in the key's own name; SCAN over the whole server and UNLINK of what matches. COUNT as its documentation suggests for a large keyspace. */
export const openScan: OpenTagged = async ({ url, prefix, load }) => {
  const client = await connectNodeRedis(url)
  const nameOf = (key: string, tags: readonly string[]): string => `${prefix}:${tags.join(':')}:${key}`
  const write = (key: string, value: Item, tags: readonly string[]): Promise<unknown> =>
    client.set(nameOf(key, tags), JSON.stringify(value), { expiration: { type: 'PX', value: TTL_MS } })
  return {
    deletesEntries: true,
    write,
    async read(key, tags) {
      const stored = await client.get(nameOf(key, tags))
      if (stored !== null) return JSON.parse(stored) as Item
      const value = await load(key)
      await write(key, value, tags)
      return value
    },
    async invalidate(tag) {
      for await (const keys of client.scanIterator({ MATCH: `${prefix}:*${tag}:*`, COUNT: 1_000 })) {
        if (keys.length > 0) await client.unlink(keys)
      }
    },
    close: () => client.close(),
  }
}
