import { createClient, createCluster } from '@redis/client'
import { Cluster as Cluster6, Redis as Redis6 } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import { Redis as Valkey, Cluster as ValkeyCluster } from 'iovalkey'

/** A client of somebody's package, connected, and how it ends. */
export interface LiveClient {
  readonly live: object
  end(): Promise<void> | void
}

export interface ClientPackage {
  readonly name: string
  standalone(url: string): Promise<LiveClient>
  cluster(urls: readonly string[]): Promise<LiveClient>
}

interface Ioredis {
  once(event: string, listener: () => void): unknown
  on(event: string, listener: () => void): unknown
  disconnect(): void
}

function ioredisPackage(name: string, one: (url: string) => Ioredis, many: (urls: readonly string[]) => Ioredis): ClientPackage {
  const ready = async (live: Ioredis): Promise<LiveClient> => {
    live.on('error', () => undefined)
    await new Promise<void>((resolve) => live.once('ready', resolve))
    return { live, end: () => live.disconnect() }
  }
  return { name, standalone: (url) => ready(one(url)), cluster: (urls) => ready(many(urls)) }
}

const nodeRedis: ClientPackage = {
  name: 'node-redis 6',
  async standalone(url) {
    const live = createClient({ url })
    live.on('error', () => undefined)
    await live.connect()
    return { live, end: () => live.destroy() }
  },
  async cluster(urls) {
    const live = createCluster({ rootNodes: urls.map((url) => ({ url })), useReplicas: true })
    live.on('error', () => undefined)
    await live.connect()
    return { live, end: () => live.destroy() }
  },
}

/** Every client package that Tiercel adapts, at the versions that are tested. */
export const clientPackages: readonly ClientPackage[] = [
  nodeRedis,
  ioredisPackage(
    'ioredis 6',
    (url) => new Redis6(url),
    (urls) => new Cluster6([...urls]),
  ),
  ioredisPackage(
    'ioredis 5',
    (url) => new Redis5(url),
    (urls) => new Cluster5([...urls]),
  ),
  ioredisPackage(
    'iovalkey',
    (url) => new Valkey(url),
    (urls) => new ValkeyCluster([...urls]),
  ),
]
