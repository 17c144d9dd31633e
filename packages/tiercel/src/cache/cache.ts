import type { Duration } from '../kernel/duration.ts'
import type { Key } from '../kernel/key.ts'
import type { CacheEventListener } from '../telemetry/event.ts'
import type { CacheStats } from '../telemetry/stats.ts'

/**
 * A cache in front of a slow source: this process's memory (L1), Valkey (L2), or both.
 *
 * Every method returns a promise that rejects with a `TiercelError` (see its `code`) or, from `getOrSet`, with the loader's own
 * error, unchanged. A server that is away, slow or full never fails a read: L2 then counts as empty, and a `store.failed`
 * event says so.
 */
export interface Cache {
  /** The namespace of this cache, as text; `''` for the root. */
  readonly name: string

  /**
   * The value under `key`, or `undefined` when there is none. A stored `null` is a value. A stale value is served during its `grace`.
   *
   * @throws {TIERCEL_INVALID_KEY} {TIERCEL_CLOSED}
   * @remarks Costs: no round trip on an L1 hit, one else, shared by all reads of the same turn of the event loop.
   */
  get<T = unknown>(key: Key): Promise<T | undefined>

  /**
   * The value under `key`; when there is none, `load` is called, and what it returns is stored and returned.
   *
   * One process of all that share L2 loads a key at a time; the others wait for it, and take over when it dies. A loaded value is stored only
   * if its key was neither set nor deleted during the load, by whomever. A stale value is served while it is refreshed.
   *
   * @param load called at most once at a time per key, however many callers wait; its result, or its error, is
   *   shared by all of them. Must not return `undefined`, except by `ctx.absent()`.
   * @returns the value, after the load at the latest; storing it in L2 may finish later (`idle` waits for that). `undefined` when the loader
   *   said that the source has none.
   * @throws the loader's own error, unchanged, in the process that called it, when there is no stale value to serve
   * @throws {TIERCEL_LOAD_FAILED} the load failed less than `errorTtl` ago; {TIERCEL_LOAD_DEADLINE} `hardTimeout` was over
   * @throws {TIERCEL_UNDEFINED_VALUE} {TIERCEL_UNSERIALIZABLE_VALUE} {TIERCEL_INVALID_KEY}
   *   {TIERCEL_INVALID_LOADER} {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} {TIERCEL_CLOSED}
   * @remarks Costs: nothing but a promise on an L1 hit; one round trip on an L2 hit; two before and one after the load on a miss.
   * @example
   * const product = await cache.getOrSet(['product', id], () => db.product(id), { ttl: '1h', grace: '1d' })
   */
  getOrSet<T>(key: Key, load: Loader<T>, options?: GetOrSetOptions): Promise<T>

  /**
   * Stores `value` under `key` in all tiers.
   *
   * A value that was computed before somebody else's change and set after it overwrites the newer one: where that matters, let a
   * loader produce the value and delete the key after the change.
   *
   * @throws {TIERCEL_UNDEFINED_VALUE} {TIERCEL_UNSERIALIZABLE_VALUE} {TIERCEL_INVALID_KEY}
   *   {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} {TIERCEL_CLOSED}
   * @throws {TIERCEL_FENCED} the source of the key is being changed: nothing was stored
   * @throws {TIERCEL_STORE_UNAVAILABLE} {TIERCEL_STORE_DEADLINE} {TIERCEL_SERVER_ERROR} L2 did not confirm. The value is then in no
   *   tier of this process; the server may or may not have it.
   * @remarks Costs: one round trip.
   */
  set<T>(key: Key, value: T, options?: SetOptions): Promise<void>

  /**
   * Removes `key` from all tiers, and keeps a load of it that is under way, in any process, from storing its result.
   *
   * @throws {TIERCEL_INVALID_KEY} {TIERCEL_CLOSED}
   * @throws {TIERCEL_STORE_UNAVAILABLE} {TIERCEL_STORE_DEADLINE} {TIERCEL_SERVER_ERROR} L2 did not confirm; call again
   * @remarks Costs: one round trip.
   */
  delete(key: Key): Promise<void>

  /**
   * Ends the fresh time of `key` now: its value is stale for what is left of its `grace`, and gone without one. A load that is under way, in any
   * process, does not store its result.
   *
   * @throws as `delete`
   * @remarks Costs: one round trip.
   */
  expire(key: Key): Promise<void>

  /** Whether `get` would find a value now. Costs what `get` costs. */
  has(key: Key): Promise<boolean>

  /**
   * The values under `keys`, in their order; `undefined` where there is none.
   *
   * @remarks Costs: one MGET per 50 keys that L1 does not have (per slot on a cluster), all in flight together: about one round trip.
   */
  getMany<T = unknown>(keys: readonly Key[]): Promise<(T | undefined)[]>

  /** Stores several values in one pipeline. Not a transaction: when it rejects, some may be stored. All are checked before any is sent. */
  setMany(entries: readonly (readonly [key: Key, value: unknown])[], options?: SetOptions): Promise<void>

  /** Removes several keys in one pipeline. When it rejects, some may still be there; call again. */
  deleteMany(keys: readonly Key[]): Promise<void>

  /**
   * A cache with keys of its own on the same tiers, links and counters: `shop` within the root, `shop/tenant-7` within that.
   *
   * @param name 1 to 200 characters; any text, so that a tenant's id can be one.
   * @throws {TIERCEL_INVALID_OPTION} at once
   */
  namespace(name: string): Cache

  /** Calls `listener` for each event of this cache and its namespaces until the returned function is called. A listener that throws is ignored. */
  on(listener: CacheEventListener): () => void

  /** Counters since the cache was created, of all its namespaces together. */
  stats(): CacheStats

  /** Waits until nothing is under way in the background: loads that all callers left, values on their way to L2. */
  idle(): Promise<void>

  /**
   * Ends the cache: waits for what is under way, closes what the cache itself opened, never a client that was handed in.
   * Calls after it reject with `TIERCEL_CLOSED`. May be called twice. Closing a namespace closes the whole cache.
   */
  close(): Promise<void>
}

/** Produces the value of one key from the source. `null` for "there is none". */
export type Loader<T> = (context: LoadContext) => T | Promise<T>

export interface LoadContext {
  /** The encoded path of the key. */
  readonly key: string
  /** Fires when no caller waits for this load any more. */
  readonly signal: AbortSignal
  /** The value that is to be replaced, when there is one: for a conditional request with its version or ETag. */
  readonly stale: StaleValue | undefined
  /** Chooses how long what is loaded counts as fresh, and how long as stale after that. Default: the call's `ttl` and `grace`. */
  setTtl(ttl: Duration, grace?: Duration | false): void
  /** Hands `value` out without storing it: `return ctx.skip(partial)`. */
  skip<T>(value: T): T
  /** The source has none: `return row ?? ctx.absent()`. Callers get `undefined`, and it is remembered for `absentTtl`. */
  absent(): undefined
  /**
   * The stale value is still right: `return ctx.notModified()`. It is stored anew, with a full life.
   * @throws {TIERCEL_INVALID_LOADER} there is none
   */
  notModified<T>(): T
}

export interface StaleValue {
  readonly value: unknown
  /** Since it was stored, in ms. */
  readonly ageMs: number
}

export interface SetOptions {
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

/** What a cache sets and a call may override. `false` switches off what the cache sets. */
export interface PolicyOptions extends SetOptions {
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
  /** How long a caller waits for another process that loads the key, before it loads by itself and stores nothing in L2. Default: none. */
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

export interface GetOrSetOptions extends PolicyOptions {
  /** Loads in any case, joins no load that began before, and stores the result over whatever is there. Default: false. */
  readonly forceFresh?: boolean
  /** Detaches this caller when it fires: the call rejects with the signal's reason, others go on. Default: none. */
  readonly signal?: AbortSignal
}
