/** How a client reaches a server, or the servers of a topology, through whatever stands before them. */
export type Place =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'standalone'; readonly client: string; readonly url: string }
  | { readonly kind: 'sentinel'; readonly sentinels: readonly Address[]; readonly name: string; readonly through: Through }
  | { readonly kind: 'cluster'; readonly client: string; readonly urls: readonly string[]; readonly through: Through }

export interface Address {
  readonly host: string
  readonly port: number
}

/** By `host:port` of a server: where it is reached instead. */
export type Through = Readonly<Record<string, Address>>

export interface LoadedCache {
  readonly place: Place
  readonly l1: boolean
  /** `timeout` of its store, in ms. */
  readonly stepMs: number
  /** `maxOpenFor` of its breaker, in ms. Default: the store's. */
  readonly maxOpenMs?: number
}

export interface LoadSetup {
  /** One of each process, all over one source. */
  readonly caches: readonly LoadedCache[]
  readonly maxStaleness: number
}

export interface LoadPlan {
  readonly seed: string
  /** Calls of all caches together, whatever becomes of earlier ones. */
  readonly ratePerSecond: number
  readonly keys: number
  /** How long the source takes. */
  readonly loadMs: number
  /** Share of calls that change the source and invalidate. */
  readonly changes: number
  /** `hardTimeout` of each call. */
  readonly deadlineMs: number
  readonly ttlMs: number
}

export type LoadCall =
  | ({ readonly do: 'start' } & LoadPlan)
  /** Figures since the last ones, or since the start. */
  | { readonly do: 'tell' }
  /** The same, when the calls under way are over. */
  | { readonly do: 'stop' }
  /** Whether every cache is as on a good day: all is well by its own word, and a value reaches L2. */
  | { readonly do: 'look' }
  /** Collects garbage, and says what is left. */
  | { readonly do: 'weigh' }

export interface Figures {
  readonly calls: number
  readonly seconds: number
  readonly loads: number
  readonly changes: number
  /** The source is a timer, and that is late on a busy machine, too. */
  readonly longestLoadMs: number
  /** What calls threw, by code. */
  readonly errors: Readonly<Record<string, number>>
  /** Values of another key, or that were never committed. */
  readonly wrong: readonly string[]
  /** Values that have not seen a change longer ago than the bound. */
  readonly stale: readonly string[]
  /** From when a call was due: what a caller waits who does not know that others wait, too. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly mostMs: number
  /** From when a call was made: what its deadline is counted from. */
  readonly longestCallMs: number
  /** The longest that the event loop was late. */
  readonly lagMs: number
}

export interface Looked {
  readonly isWell: boolean
  readonly problems: readonly string[]
}

export interface Weighed {
  readonly heapBytes: number
  readonly rssBytes: number
  /** What keeps a process alive, by kind, with timers. */
  readonly resources: Readonly<Record<string, number>>
}

export type LoadReply = Partial<Figures & Looked & Weighed>
