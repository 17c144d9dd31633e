import type { SchemaInput, SchemaOptions, SchemaOutput, StandardSchema } from '../codecs/schema.ts'
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
   * The value under `key`, or `undefined` when there is none. A stored `null` is a value.
   *
   * With a `schema` a value that does not satisfy it is a miss, and the type of the result is the schema's output.
   *
   * @throws {TIERCEL_INVALID_KEY} {TIERCEL_CLOSED}; with options {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION}
   * @remarks Costs: no round trip on an L1 hit, one else, shared by all reads of the same turn of the event loop. A schema is asked once
   *   for a value that L1 holds, unless what it makes of it cannot be frozen: then on every read.
   */
  get<S extends StandardSchema>(key: Key, options: SchemaOptions<S>): Promise<SchemaOutput<S> | undefined>
  get<T = unknown>(key: Key): Promise<T | undefined>

  /**
   * The value under `key`; when there is none, `load` is called, and what it returns is stored and returned.
   *
   * @param load called at most once at a time per key in this process, however many callers wait; its result, or its error, is
   *   shared by all of them. Must not return `undefined`.
   * @returns the value, after the load at the latest; storing it in L2 may finish later (`idle` waits for that).
   * @throws the loader's own error, unchanged
   * @throws {TIERCEL_UNDEFINED_VALUE} {TIERCEL_UNSERIALIZABLE_VALUE} {TIERCEL_VALUE_TOO_LARGE} {TIERCEL_SCHEMA_MISMATCH} {TIERCEL_INVALID_KEY}
   *   {TIERCEL_INVALID_LOADER} {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} {TIERCEL_CLOSED}
   * @remarks Costs: nothing but a promise on an L1 hit; one round trip on an L2 hit; one before and one after the load on a miss.
   *   A key that is set or deleted in this process during the load is not overwritten by it.
   * @example
   * const product = await cache.getOrSet(['product', id], () => db.product(id), { ttl: '1h' })
   */
  getOrSet<S extends StandardSchema>(
    key: Key,
    load: Loader<SchemaInput<S>>,
    options: GetOrSetOptions & SchemaOptions<S>,
  ): Promise<SchemaOutput<S>>
  getOrSet<T>(key: Key, load: Loader<T>, options?: GetOrSetOptions): Promise<T>

  /**
   * Stores `value` under `key` in all tiers.
   *
   * A value that was computed before somebody else's change and set after it overwrites the newer one: where that matters, let a
   * loader produce the value and delete the key after the change.
   *
   * @throws {TIERCEL_UNDEFINED_VALUE} {TIERCEL_UNSERIALIZABLE_VALUE} {TIERCEL_VALUE_TOO_LARGE} {TIERCEL_INVALID_KEY}
   *   {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} {TIERCEL_CLOSED}
   * @throws {TIERCEL_STORE_UNAVAILABLE} {TIERCEL_STORE_DEADLINE} {TIERCEL_SERVER_ERROR} L2 did not confirm. The value is then in no
   *   tier of this process; the server may or may not have it.
   * @remarks Costs: one round trip.
   */
  set<T>(key: Key, value: T, options?: SetOptions): Promise<void>

  /**
   * Removes `key` from all tiers, and keeps a load of it that is under way in this process from storing its result.
   *
   * @throws {TIERCEL_INVALID_KEY} {TIERCEL_CLOSED}
   * @throws {TIERCEL_STORE_UNAVAILABLE} {TIERCEL_STORE_DEADLINE} {TIERCEL_SERVER_ERROR} L2 did not confirm; call again
   * @remarks Costs: one round trip.
   */
  delete(key: Key): Promise<void>

  /** Whether `get` would find a value now. Costs what `get` costs. */
  has(key: Key): Promise<boolean>

  /**
   * The values under `keys`, in their order; `undefined` where there is none.
   *
   * @remarks Costs: one MGET per 50 keys that L1 does not have (per slot on a cluster), all in flight together: about one round trip.
   */
  getMany<S extends StandardSchema>(keys: readonly Key[], options: SchemaOptions<S>): Promise<(SchemaOutput<S> | undefined)[]>
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
}

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
