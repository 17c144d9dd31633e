import type { Duration } from '../kernel/duration.ts'

export interface SetOptions {
  /** How long the value counts as fresh. 1 ms to 10 years. Default: the cache's `ttl`. */
  readonly ttl?: Duration
  /**
   * How much earlier than `ttl` a value may end, as a fraction of it, chosen at random per value so that values stored together
   * do not end together. 0 to 1. Default: the cache's `jitter`.
   */
  readonly jitter?: number
}

export interface GetOrSetOptions extends SetOptions {
  /** Detaches this caller when it fires: the call rejects with the signal's reason, others go on. Default: none. */
  readonly signal?: AbortSignal
}

export interface GetOrSetManyOptions extends GetOrSetOptions, BatchOptions {
  /** Whether to resolve with one settled result per key, whatever becomes of the others. Default: `false`. */
  readonly partial?: boolean
}

/** How many keys wait for each other, and how long. */
export interface BatchOptions {
  /** Most keys of one call of `loadMany`. 1 to 100 000. Default: 1000. */
  readonly batchSize?: number
  /**
   * Longest time that a missing key waits until all others of its batch are known to be missing or not. 1 ms to 1 minute. Default: 5 ms; it is
   * waited for only while answers of L2 are outstanding.
   */
  readonly batchWindow?: Duration
}
