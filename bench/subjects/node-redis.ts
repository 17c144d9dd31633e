import { createClient } from '@redis/client'
import type { OpenedStore } from './subject.ts'
import { TTL_MS } from './subject.ts'

/**
 * node-redis as fast as it goes. By default version 6 arms an `AbortSignal.timeout` for each command, which makes it three to
 * four times slower; nobody is measured against that.
 */
export async function connectNodeRedis(url: string) {
  const client = createClient({ url, commandOptions: { timeout: 0 } })
  client.on('error', (error: Error) => process.stderr.write(`node-redis: ${error.message}\n`))
  await client.connect()
  return client
}

export async function openStore(url: string): Promise<OpenedStore> {
  const client = await connectNodeRedis(url)
  return {
    async write(entries) {
      await Promise.all(entries.map(([key, value]) => client.set(key, value, { expiration: { type: 'PX', value: TTL_MS } })))
    },
    get: (key) => client.get(key),
    text: String,
    close: () => client.close(),
  }
}
