import { createClient, type RedisClientOptions } from '@redis/client'
import type { Row } from '../protocol.ts'

/** One way to keep a row in the memory of several processes. */
export interface Approach {
  read(load: () => Promise<Row>): Promise<Row>
  /** `change` commits before it resolves. */
  update(change: () => Promise<unknown>): Promise<unknown>
  close(): Promise<void>
}

export interface Place {
  readonly url: string
  /** Of the row in Valkey. */
  readonly key: string
  readonly ttlMs: number
}

/** A command may take so long, in all lanes; then the row comes from the database. */
export const patienceMs = 250

/** Comes back by itself when its link was lost; until then its commands fail at once. */
export async function connect(url: string, options: Pick<RedisClientOptions, 'clientSideCache'> = {}) {
  const client = createClient({ ...options, url, RESP: 3, disableOfflineQueue: true, commandOptions: { timeout: 0 } })
  client.on('error', () => undefined)
  await client.connect()
  return client
}
