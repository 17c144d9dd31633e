import { createClient } from '@redis/client'

/**
 * Removes what a run left in Valkey, so that runs do not pile up; should it fail, entries end by their time to live. Only keys with this
 * namespace are touched: the server may be somebody's own.
 */
export async function forgetNamespace(url: string, namespace: string): Promise<void> {
  const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 2000 } })
  client.on('error', () => undefined)
  try {
    await client.connect()
    for await (const keys of client.scanIterator({ MATCH: `tc1:*${namespace}*`, COUNT: 1000 })) {
      if (keys.length > 0) await client.unlink(keys)
    }
  } catch {
    // The server is away: nothing to remove, or nothing that can be.
  } finally {
    client.destroy()
  }
}
