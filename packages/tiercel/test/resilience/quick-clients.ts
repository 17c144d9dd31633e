import { createClient } from '@redis/client'
import { Redis as Redis6 } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { Redis as Valkey } from 'iovalkey'
import { type LiveClient, openGlide, type StandalonePackage } from '../conformance/live-clients.ts'

interface Ioredis {
  once(event: string, listener: () => void): unknown
  on(event: string, listener: () => void): unknown
  disconnect(): void
}

const retryStrategy = (): number => 1

async function opened(live: Ioredis): Promise<LiveClient> {
  live.on('error', () => undefined)
  await new Promise<void>((resolve) => live.once('ready', resolve))
  return { live, end: () => live.disconnect() }
}

/** The client packages, with links that are opened again at once: a test that cuts them a thousand times does not wait for each. */
export const quickPackages: readonly StandalonePackage[] = [
  { name: 'ioredis 6', standalone: (url) => opened(new Redis6(url, { retryStrategy })) },
  { name: 'ioredis 5', standalone: (url) => opened(new Redis5(url, { retryStrategy })) },
  { name: 'iovalkey', standalone: (url) => opened(new Valkey(url, { retryStrategy })) },
  {
    name: 'node-redis 6',
    async standalone(url) {
      const live = createClient({ url, socket: { reconnectStrategy: retryStrategy } })
      live.on('error', () => undefined)
      await live.connect()
      return { live, end: () => live.destroy() }
    },
  },
  {
    name: 'GLIDE',
    writesLater: true,
    async standalone(url) {
      const live = await openGlide(url)
      return { live, end: () => live.close() }
    },
  },
]
