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
