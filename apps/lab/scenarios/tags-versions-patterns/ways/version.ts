import { connect, type Place, type Way } from './way.ts'

/** A number in every name: when it grows, the old names are asked for no more. */
export async function version({ url, namespace, ttlMs }: Place): Promise<Way> {
  const client = await connect(url)
  const number = `${namespace}:version`
  const keyOf = async (id: number) => `${namespace}:v${(await client.get(number)) ?? '1'}:item:${id}`
  const put = (key: string, value: string) => client.set(key, value, { expiration: { type: 'PX', value: ttlMs } })
  return {
    async write(entries) {
      await client.set(number, '1', { condition: 'NX', expiration: { type: 'PX', value: ttlMs } })
      const now = await client.get(number)
      await Promise.all(entries.map(([id, value]) => put(`${namespace}:v${now}:item:${id}`, value)))
    },
    async read(id, load) {
      const key = await keyOf(id)
      const stored = await client.get(key)
      if (stored !== null) return stored
      const value = await load()
      await put(key, value)
      return value
    },
    invalidate: () => client.incr(number),
    close: async () => client.destroy(),
  }
}
