// As in the declarations of node:events; anything stricter refuses the real clients.
type Listener = (...values: any[]) => void

/** What is needed of a client that `new Redis()` of ioredis, version 5 or 6, or iovalkey made. */
export interface Ioredis {
  readonly status: string
  readonly isCluster: boolean
  readonly options: object
  readonly stream?: IoredisStream | null
  /** What was written and is not answered yet. */
  readonly commandQueue?: { readonly length: number; peekAt(index: number): { readonly command: object } | undefined }
  sendCommand(command: object): unknown
  duplicate(overrides?: object): Ioredis
  connect(): Promise<void>
  call(name: string, ...words: string[]): Promise<unknown>
  subscribe(...channels: string[]): Promise<unknown>
  on(event: string, listener: Listener): unknown
  removeListener(event: string, listener: Listener): unknown
  disconnect(): void
}

export interface IoredisStream {
  cork(): void
  uncork(): void
  destroy(): unknown
}

/** What is needed of a client that `new Cluster()` of ioredis, version 5 or 6, or iovalkey made. */
export interface IoredisCluster {
  readonly status: string
  readonly isCluster: boolean
  readonly options: object
  /** Per slot the addresses (`host:port`) of its nodes, the primary first. */
  readonly slots: readonly (readonly string[] | undefined)[]
  nodes(role?: 'all' | 'master'): Ioredis[]
  refreshSlotsCache(): void
  connect(): Promise<void>
  disconnect(): void
}
