import type { Redis as Redis5 } from 'ioredis'
import type { Redis as Redis6 } from 'ioredis6'
import type { Redis as Iovalkey } from 'iovalkey'
import type { OpenedStore } from './subject.ts'
import { TTL_MS } from './subject.ts'

/** ioredis 6 as it comes: one write to the socket per command. */
export async function openStore(url: string): Promise<OpenedStore> {
  return storeOn(await connectIoredis6(url))
}

/** ioredis 6 with its own answer to that: commands of a turn joined into a pipeline, one pipeline at a time. */
export async function openAutoPipelined(url: string): Promise<OpenedStore> {
  const { Redis } = await import('ioredis6')
  return storeOn(await ready(new Redis(url, { lazyConnect: true, enableAutoPipelining: true })))
}

/** The friendly fork of ioredis 5. */
export async function openIovalkey(url: string): Promise<OpenedStore> {
  return storeOn(await connectIovalkey(url))
}

export async function connectIoredis6(url: string): Promise<Redis6> {
  const { Redis } = await import('ioredis6')
  return ready(new Redis(url, { lazyConnect: true }))
}

/** For the libraries that take nothing newer. */
export async function connectIoredis5(url: string): Promise<Redis5> {
  const { Redis } = await import('ioredis')
  return ready(new Redis(url, { lazyConnect: true }))
}

export async function connectIovalkey(url: string): Promise<Iovalkey> {
  const { Redis } = await import('iovalkey')
  return ready(new Redis(url, { lazyConnect: true }))
}

async function ready<Client extends { connect(): Promise<void> }>(client: Client): Promise<Client> {
  await client.connect()
  return client
}

function storeOn(client: Redis6 | Iovalkey): OpenedStore {
  return {
    async write(entries) {
      await Promise.all(entries.map(([key, value]) => client.set(key, value, 'PX', TTL_MS)))
    },
    get: (key) => client.get(key),
    text: String,
    async close() {
      await client.quit()
    },
  }
}
