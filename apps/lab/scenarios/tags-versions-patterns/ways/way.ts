import { createClient } from '@redis/client'

/** One way to forget, at one blow, everything that was made of one catalogue. */
export interface Way {
  write(entries: readonly Entry[]): Promise<unknown>
  read(id: number, load: () => Promise<string>): Promise<string>
  invalidate(): Promise<unknown>
  close(): Promise<void>
}

export type Entry = readonly [id: number, value: string]

export interface Place {
  readonly url: string
  readonly namespace: string
  readonly ttlMs: number
}

export async function connect(url: string) {
  const client = createClient({ url: url.replace(/^valkey/, 'redis'), commandOptions: { timeout: 0 } })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

/** Cache-aside: what is there is read, what is not is loaded and written. */
export function readAside(get: (id: number) => Promise<string | null>, write: Way['write']): Way['read'] {
  return async (id, load) => {
    const stored = await get(id)
    if (stored !== null) return stored
    const value = await load()
    await write([[id, value]])
    return value
  }
}
