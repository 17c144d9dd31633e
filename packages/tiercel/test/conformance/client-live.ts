import { createClient, createCluster } from '@redis/client'
import { Redis as Redis6 } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { Redis as Valkey } from 'iovalkey'
import { adaptClient } from '../../src/client/adapt.ts'
import type { Client } from '../../src/client/client.ts'
import { connectUrl } from '../../src/client/connect.ts'
import type { ClientTopology, Lack, OpenedClient } from './client.suite.ts'
import { openGlide } from './live-clients.ts'

export interface ClientPackage {
  readonly name: string
  /** Whether the package, by default, sends unanswered commands again after a reconnect. */
  readonly sendsAgain: boolean
  /** A live client with the package's default options, told to connect or not, and the adapter over it. */
  open(topology: ClientTopology, isConnecting?: boolean): OpenedClient | Promise<OpenedClient>
  /** A client that owns its link; standalone only. */
  readonly connect?: ((url: string) => Promise<Client>) | undefined
  /** What the adapter refuses or restricts, as documented. */
  readonly lacks?: readonly Lack[] | undefined
}

/** No cluster, and no URL. */
const glide: ClientPackage = {
  name: 'GLIDE',
  sendsAgain: false,
  lacks: ['tracking', 'errors in arrays', 'news before the first command', 'taking back'],
  async open(topology, isConnecting = true) {
    const live = await openGlide(topology.nodes()[0]?.url as string, !isConnecting)
    return {
      client: adaptClient(live),
      ping: () => live.ping(),
      increment: (key) => live.incr(key),
      adapt: () => adaptClient(live),
      countListeners: () => 0,
      async end() {
        live.close()
      },
    }
  },
}

export const clientPackages: readonly ClientPackage[] = [
  nodeRedisPackage('node-redis 6', {}),
  nodeRedisPackage('node-redis 6 with RESP2 and no offline queue', { RESP: 2, disableOfflineQueue: true }),
  ioredisPackage('ioredis 6', Redis6, () => import('ioredis')),
  ioredisPackage('ioredis 5', Redis5, () => import('ioredis5')),
  ioredisPackage('iovalkey', Valkey, () => import('iovalkey')),
]

/** Those that serve one node, and by default all that serve a cluster too. */
export const standalonePackages: readonly ClientPackage[] = [...clientPackages.slice(0, 1), glide, ...clientPackages.slice(1)]

function nodeRedisPackage(name: string, options: { RESP?: 2; disableOfflineQueue?: boolean }): ClientPackage {
  const { RESP, ...defaults } = options
  const protocol = RESP === undefined ? {} : { RESP }
  const make = ({ kind, nodes }: ClientTopology) =>
    kind === 'standalone'
      ? createClient({ url: nodes()[0]?.url as string, ...options })
      : createCluster({ rootNodes: nodes().map(({ url }) => ({ url })), ...protocol, defaults })
  return {
    name,
    sendsAgain: false,
    open(topology, isConnecting = true) {
      const live = make(topology)
      live.on('error', () => {})
      if (isConnecting) live.connect().catch(() => {})
      return {
        client: adaptClient(live),
        ping: () => ('slots' in live ? live.sendCommand(undefined, true, ['PING']) : live.ping()),
        increment: (key) => (live as Pick<typeof live, 'incr'>).incr(key),
        adapt: () => adaptClient(live),
        countListeners: () => countListeners(live),
        async end() {
          if (live.isOpen) live.destroy()
        },
      }
    },
    connect: (url) => connectUrl(url),
  }
}

/** What the three packages share, as far as tests need it. */
interface AnyRedis {
  status: string
  ping(): Promise<unknown>
  incr(key: string): Promise<unknown>
  disconnect(): void
  on(event: 'error', listener: () => void): unknown
}

interface AnyRedisClass {
  new (options: object): AnyRedis
  Cluster: new (nodes: { host: string; port: number }[], options: object) => AnyRedis
}

function ioredisPackage(name: string, Redis: unknown, load: () => Promise<unknown>): ClientPackage {
  const { Cluster } = Redis as AnyRedisClass
  const make = ({ kind, nodes }: ClientTopology, lazyConnect: boolean): AnyRedis => {
    const addresses = nodes().map(({ host, port }) => ({ host, port }))
    return kind === 'standalone' ? new (Redis as AnyRedisClass)({ ...addresses[0], lazyConnect }) : new Cluster(addresses, { lazyConnect })
  }
  return {
    name,
    sendsAgain: true,
    open(topology, isConnecting = true) {
      const live = make(topology, !isConnecting)
      live.on('error', () => {})
      return {
        client: adaptClient(live),
        ping: () => live.ping(),
        increment: (key) => live.incr(key),
        adapt: () => adaptClient(live),
        countListeners: () => countListeners(live as unknown as NodeJS.EventEmitter),
        async end() {
          if (live.status !== 'end') live.disconnect()
        },
      }
    },
    connect: (url) => connectUrl(url, { load: onlyAs(name.startsWith('iovalkey') ? 'iovalkey' : 'ioredis', load) }),
  }
}

function countListeners(live: NodeJS.EventEmitter): number {
  return live.eventNames().reduce((count, name) => count + live.listenerCount(name), 0)
}

/** As if no other client package were installed. */
export function onlyAs(specifier: string, load: () => Promise<unknown>): (asked: string) => Promise<unknown> {
  return (asked) =>
    asked === specifier ? load() : Promise.reject(Object.assign(new Error(`Cannot find ${asked}`), { code: 'ERR_MODULE_NOT_FOUND' }))
}
