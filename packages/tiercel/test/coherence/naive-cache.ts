import { Redis } from 'ioredis'
import type { Subject, SubjectOptions } from './subject.ts'

/**
 * The two-tier cache that everybody writes first: a Map, Redis, a set of members per tag, and a message to the others when something is dropped.
 * Nothing keeps a value that was loaded before a change from being stored after it, a lost message is lost, and whoever mutates just deletes.
 */
export async function naiveCache({ url, namespace }: SubjectOptions): Promise<Subject> {
  const l1 = new Map<string, string>()
  const [redis, subscriber] = [new Redis(url), new Redis(url)]
  for (const client of [redis, subscriber]) client.on('error', () => undefined)
  const stored = (key: string): string => `${namespace}:e:${key}`
  const tagged = (tag: string): string => `${namespace}:t:${tag}`
  const all = `${namespace}:all`
  await subscriber.subscribe(namespace)
  subscriber.on('message', (_, keys: string) => {
    for (const key of JSON.parse(keys) as string[]) l1.delete(key)
  })

  async function get(key: string): Promise<unknown> {
    const text = l1.get(key) ?? (await redis.get(stored(key)))
    if (text == null) return undefined
    l1.set(key, text)
    return JSON.parse(text)
  }

  async function set(key: string, value: unknown, tags: readonly string[]): Promise<'applied'> {
    const text = JSON.stringify(value)
    await redis.set(stored(key), text, 'PX', 60_000)
    l1.set(key, text)
    await Promise.all([all, ...tags.map(tagged)].map((members) => redis.sadd(members, key)))
    await redis.publish(namespace, JSON.stringify([key]))
    return 'applied'
  }

  async function drop(keys: readonly string[]): Promise<'applied'> {
    for (const key of keys) l1.delete(key)
    if (keys.length > 0) await redis.del(...keys.map(stored))
    await redis.publish(namespace, JSON.stringify(keys))
    return 'applied'
  }

  const dropMembers = async (members: string): Promise<'applied'> => drop(await redis.smembers(members))

  return {
    get,
    async getOrSet(key, load, { tags, forceFresh }) {
      const found = forceFresh ? undefined : await get(key)
      if (found !== undefined) return found
      const value = await load()
      await set(key, value, tags)
      return value
    },
    set: (key, value) => set(key, value, []),
    delete: (key) => drop([key]),
    invalidateTag: (tag) => dropMembers(tagged(tag)),
    expireTag: (tag) => dropMembers(tagged(tag)),
    clear: () => dropMembers(all),
    async mutate({ keys = [], tags = [] }, change) {
      await change()
      await drop(keys)
      await Promise.all(tags.map((tag) => dropMembers(tagged(tag))))
      return { outcome: 'applied' }
    },
    async close() {
      redis.disconnect()
      subscriber.disconnect()
    },
  }
}
