import { connect, type Place, readAside, type Way } from './way.ts'

/** Nothing beside the entries: their names are searched for. `KEYS` would do it in one command, and keep everybody waiting. */
export async function pattern({ url, namespace, ttlMs }: Place): Promise<Way> {
  const client = await connect(url)
  const keyOf = (id: number) => `${namespace}:item:${id}`
  const write: Way['write'] = (entries) =>
    Promise.all(entries.map(([id, value]) => client.set(keyOf(id), value, { expiration: { type: 'PX', value: ttlMs } })))
  return {
    write,
    read: readAside((id) => client.get(keyOf(id)), write),
    async invalidate() {
      for await (const keys of client.scanIterator({ MATCH: `${namespace}:item:*`, COUNT: 1000 })) {
        if (keys.length > 0) await client.unlink(keys)
      }
    },
    close: async () => client.destroy(),
  }
}
