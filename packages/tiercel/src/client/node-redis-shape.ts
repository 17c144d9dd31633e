import type { Word } from './client.ts'

// As in the declarations of node:events; anything stricter refuses the real clients.
type Listener = (...values: any[]) => void

/** What is needed of a client that `createClient` of `@redis/client` or `redis`, version 5 or 6, returned. */
export interface NodeRedis extends NodeRedisSender {
  readonly isOpen: boolean
  readonly isReady: boolean
  readonly socketEpoch?: number
  readonly options?:
    | {
        readonly socket?: object
        readonly disableOfflineQueue?: boolean
        readonly clientSideCache?: object
        readonly emitInvalidate?: boolean
      }
    | undefined
  withCommandOptions(options: object): NodeRedisSender
  duplicate(overrides?: object): NodeRedis
  connect(): Promise<unknown>
  on(event: string, listener: Listener): unknown
  subscribe(channels: string[], listener: (message: Buffer, channel: Buffer) => void, asBuffers: true): Promise<void>
  close(): Promise<void>
  destroy(): void
}

export interface NodeRedisSender {
  sendCommand(words: readonly Word[], options?: object): Promise<unknown>
}

/** What is needed of a client that `createCluster` of `@redis/client` or `redis`, version 5 or 6, returned. */
export interface NodeRedisCluster {
  readonly isOpen: boolean
  readonly isReady?: boolean
  readonly slots: readonly { readonly master: NodeRedisClusterNode; readonly replicas?: readonly NodeRedisClusterNode[] }[]
  readonly replicas: readonly NodeRedisClusterNode[]
  readonly masters: readonly NodeRedisClusterNode[]
  /** By `host:port`, as the cluster names them. */
  readonly nodeByAddress: ReadonlyMap<string, NodeRedisClusterNode>
  nodeClient(node: never): Promise<NodeRedis>
  sendCommand(firstKey: string | undefined, isReadonly: boolean, words: Word[], options: object): Promise<unknown>
  connect(): Promise<unknown>
  close(): Promise<unknown>
  destroy(): void
}

export interface NodeRedisClusterNode {
  readonly address: string
  readonly client?: NodeRedis | undefined
}
