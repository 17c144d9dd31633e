import type { Duration } from '../kernel/duration.ts'
import type { Tag } from './tag-names.ts'

/** Tags, or what names them given the value: it is not called for `null` and what the source does not have. */
export type TagsOption<T> = readonly Tag[] | ((value: T) => readonly Tag[])

/** How long values live. */
export interface LifeOptions {
  /** How long a value counts as fresh. 1 ms to 10 years. Default: the cache's, which is 5 minutes. */
  readonly ttl?: Duration
  /** How long a value may be served as stale after its `ttl`, while it is refreshed or when its source fails. Default: the cache's, which is none. */
  readonly grace?: Duration | false
  /** After how long this process asks L2 again instead of its own copy. Default: the cache's, which is the whole life of the entry. */
  readonly l1Ttl?: Duration | false
  /**
   * How much earlier than `ttl` a value may become stale, as a fraction of it, chosen at random per value so that values stored together
   * do not end together. 0 to 1. Default: the cache's, which is 0.
   */
  readonly jitter?: number
}

export interface SetOptions<T = unknown> extends LifeOptions {
  /** What the value is invalidated by, with all others that have the same tag. At most 100. Default: none. */
  readonly tags?: TagsOption<T>
}

/** What a cache sets and a call may override. `false` switches off what the cache sets. */
export interface PolicyOptions extends LifeOptions {
  /** How long "the source has none" is remembered. Default: 10 s, at most the `ttl`. */
  readonly absentTtl?: Duration
  /** How long a failed load is shared instead of repeated, by all processes. Default: 1 s. */
  readonly errorTtl?: Duration | false
  /** How long a caller waits for a refresh before it gets the stale value; the load goes on. Default: none, it gets it at once. */
  readonly timeout?: Duration | false
  /**
   * How long a caller waits at all. Then it gets the stale value, or where there is none, an error. The load goes on while others wait for it.
   * Default: none.
   */
  readonly hardTimeout?: Duration | false
  /** How long a caller waits for another process that loads the key, before it loads by itself and stores nothing. Default: none. */
  readonly lockTimeout?: Duration | false
  /** After a failed refresh, how long the stale value is served before the next one. Default: 10 s. */
  readonly graceBackoff?: Duration
  /** Part of the ttl after which a read refreshes the value in the background: 0.75 is "less than a quarter is left". 0 to 1. Default: none. */
  readonly refreshAhead?: number | false
  /**
   * Refreshes before the end by chance, the likelier the nearer it is and the dearer the load was (XFetch). 1 is usual, more is earlier. 0 to 100.
   * Default: none.
   */
  readonly beta?: number | false
  /** Whether a read gives the value its full ttl again. It is written anew at most four times per ttl. Default: false. */
  readonly sliding?: boolean
}

export interface GetOptions {
  /** Asks L2 for the value and its tags, whatever is known here: nothing older than this call is served. Default: false. */
  readonly exact?: boolean
}

export interface GetOrSetOptions<T = unknown> extends PolicyOptions, GetOptions {
  /**
   * What the value is invalidated by, with all others that have the same tag. At most 100. A list is best: tags that come from the value are known only
   * after the load, and a value whose tag was invalidated, or used for the first time, just then is not stored. Default: none.
   */
  readonly tags?: TagsOption<T>
  /** Loads in any case, joins no load that began before, and stores the result over whatever is there. Default: false. */
  readonly forceFresh?: boolean
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
