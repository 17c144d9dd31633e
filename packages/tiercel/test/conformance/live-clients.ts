import { createClient, createCluster } from '@redis/client'
import { GlideClient, Logger } from '@valkey/valkey-glide'
import { Cluster as Cluster6, Redis as Redis6 } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import { Redis as Valkey, Cluster as ValkeyCluster } from 'iovalkey'

/** A client of somebody's package, connected, and how it ends. */
export interface LiveClient {
  readonly live: object
  end(): Promise<void> | void
}

export interface StandalonePackage {
  readonly name: string
  /** How caches on it are told of changes, where its client cannot be tracked. */
  readonly coherence?: { readonly mode: 'bus' }
  /** Whether what could not be written when the link broke may be executed on the next one, though it was rejected. */
  readonly writesLater?: boolean
  standalone(url: string): Promise<LiveClient>
}

export interface ClientPackage extends StandalonePackage {
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

/** It would write every error of a server to the console. */
Logger.init('off')

/** A loaded machine may keep a server waiting for longer than production would: GLIDE gives up after 250 ms by itself. */
export function openGlide(url: string, lazyConnect = false): Promise<GlideClient> {
  const { hostname, port } = new URL(url)
  return GlideClient.createClient({ addresses: [{ host: hostname, port: Number(port) }], lazyConnect, requestTimeout: 3000 })
}

/** It serves no cluster: its cluster client mixes up the order of commands. */
const glide: StandalonePackage = {
  name: 'GLIDE',
  coherence: { mode: 'bus' },
  writesLater: true,
  async standalone(url) {
    const live = await openGlide(url)
    return { live, end: () => live.close() }
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

/** Those that serve one node: the above, and what serves no cluster. */
export const standalonePackages: readonly StandalonePackage[] = [...clientPackages.slice(0, 1), glide, ...clientPackages.slice(1)]

/** Those that serve one node or a cluster, and how a client of theirs is opened. */
export function packagesOn(
  kind: 'standalone' | 'cluster',
): readonly { name: string; open(urls: readonly string[]): Promise<LiveClient> }[] {
  return kind === 'cluster'
    ? clientPackages.map(({ name, cluster }) => ({ name, open: cluster }))
    : standalonePackages.map(({ name, standalone }) => ({ name, open: ([url]) => standalone(url as string) }))
}
