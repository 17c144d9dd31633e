import { connect, type Place, readAside, type Way } from './way.ts'

const keysPerUnlink = 1000

/** Beside the entries, a set with the names of all that carry the tag. */
export async function members({ url, namespace, ttlMs }: Place): Promise<Way> {
  const client = await connect(url)
  const tag = `${namespace}:members`
  const keyOf = (id: number) => `${namespace}:item:${id}`
  const write: Way['write'] = (entries) =>
    Promise.all([
      ...entries.map(([id, value]) => client.set(keyOf(id), value, { expiration: { type: 'PX', value: ttlMs } })),
      ...entries.map(([id]) => client.sAdd(tag, keyOf(id))),
      client.pExpire(tag, ttlMs),
    ])
  return {
    write,
    read: readAside((id) => client.get(keyOf(id)), write),
    async invalidate() {
      const keys = await client.sMembers(tag)
      for (let from = 0; from < keys.length; from += keysPerUnlink) await client.unlink(keys.slice(from, from + keysPerUnlink))
      await client.unlink(tag)
    },
    close: async () => client.destroy(),
  }
}
