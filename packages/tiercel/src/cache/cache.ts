import type { SchemaInput, SchemaOptions, SchemaOutput, StandardSchema } from '../codecs/schema.ts'
import type { Key } from '../kernel/key.ts'
import type { Admin } from '../stores/admin/admin.ts'
import type { CacheEventListener } from '../telemetry/event.ts'
import type { CacheStats } from '../telemetry/stats.ts'
import type { CloseOptions } from './close.ts'
import type { Explanation } from './explain/explanation.ts'
import type { CacheHealth } from './health.ts'
import type { InvalidationOutcome } from './invalidate.ts'
import type { BatchLoader, Loader } from './loader.ts'
import type { MemoizedFunction, MemoizeOptions } from './memoized.ts'
import type { MutateOptions, MutateResult, MutateTargets } from './mutate.ts'
import type { GetOptions, GetOrSetManyOptions, GetOrSetOptions, SetOptions } from './options.ts'
import type { Resource, ResourceDefinition, WritableResource, Writes } from './resource.ts'
import type { Tag } from './tag-names.ts'

export type { InvalidationOutcome } from './invalidate.ts'
export type { LoadContext, Loader, StaleValue } from './loader.ts'
export type { MutateOptions, MutateResult, MutateTargets } from './mutate.ts'
export type { GetOptions, GetOrSetOptions, PolicyOptions, SetOptions, TagsOption } from './options.ts'
export type { Tag } from './tag-names.ts'

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
   * With a `schema` a value that does not satisfy it is a miss, and the type of the result is the schema's output.
   *
   * @throws {TIERCEL_INVALID_KEY} {TIERCEL_CLOSED}; with options {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION}
   * @remarks Costs: no round trip on an L1 hit, one else, shared by all reads of the same turn of the event loop. A schema is asked once
   *   for a value that L1 holds, unless what it makes of it cannot be frozen: then on every read.
   */
  get<S extends StandardSchema>(key: Key, options: GetOptions & SchemaOptions<S>): Promise<SchemaOutput<S> | undefined>
  get<T = unknown>(key: Key, options?: GetOptions): Promise<T | undefined>

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
   * @throws {TIERCEL_UNDEFINED_VALUE} {TIERCEL_UNSERIALIZABLE_VALUE} {TIERCEL_VALUE_TOO_LARGE} {TIERCEL_SCHEMA_MISMATCH} {TIERCEL_INVALID_KEY}
   *   {TIERCEL_INVALID_LOADER} {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} {TIERCEL_CLOSED}
   * @remarks Costs: nothing but a promise on an L1 hit; one round trip on an L2 hit; two before and one after the load on a miss.
   * @example
   * const product = await cache.getOrSet(['product', id], () => db.product(id), { ttl: '1h', grace: '1d' })
   */
  getOrSet<S extends StandardSchema>(
    key: Key,
    load: Loader<SchemaInput<S>>,
    options: GetOrSetOptions<SchemaInput<S>> & SchemaOptions<S>,
  ): Promise<SchemaOutput<S>>
  getOrSet<T>(key: Key, load: Loader<T>, options?: GetOrSetOptions<T>): Promise<T>

  /**
   * The values under `keys`, in their order; those that are missing are loaded by one call of `loadMany`.
   *
   * @param loadMany called with the keys that no tier has and nobody loads, in their order and each once; in several calls when there are more than
   *   `batchSize`, or when L2 answers for some later than `batchWindow`. Returns an array with one entry per key, or a Map from key to value. An
   *   entry is the value, `null` for "there is none", or for a key that failed an Error, or a promise that rejects.
   * @returns the values; with `partial`, one settled result per key.
   * @throws {TIERCEL_BATCH_FAILED} some keys failed: a `BatchError` with one settled result per key, in order, and as its `cause` the
   *   first key's error, unchanged. The values of the others are stored. With `partial` a key's error is its result.
   * @throws the reason of `signal`, when it fired
   * @throws {TIERCEL_INVALID_KEY} {TIERCEL_INVALID_LOADER} {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION}
   *   {TIERCEL_INVALID_DURATION} {TIERCEL_CLOSED} of the whole call, before anything is read
   * @throws {TIERCEL_INVALID_BATCH} {TIERCEL_UNDEFINED_VALUE} {TIERCEL_UNSERIALIZABLE_VALUE} as the error of keys
   * @remarks Costs: what `getMany` costs, one call of `loadMany`, and one round trip to store what it brought. Each key has a flight of its own:
   *   who asks for one of them meanwhile, alone or in another batch, shares its load.
   * @example
   * const keys = ids.map((id) => ['product', id] as const)
   * const products = await cache.getOrSetMany(keys, (missing) => db.products(missing.map(([, id]) => id)))
   */
  getOrSetMany<K extends Key, S extends StandardSchema>(
    keys: readonly K[],
    loadMany: BatchLoader<K, SchemaInput<S>, Key>,
    options: GetOrSetManyOptions & SchemaOptions<S> & { readonly partial: true },
  ): Promise<PromiseSettledResult<SchemaOutput<S>>[]>
  getOrSetMany<K extends Key, S extends StandardSchema>(
    keys: readonly K[],
    loadMany: BatchLoader<K, SchemaInput<S>, Key>,
    options: GetOrSetManyOptions & SchemaOptions<S> & { readonly partial?: false },
  ): Promise<SchemaOutput<S>[]>
  getOrSetMany<K extends Key, T>(
    keys: readonly K[],
    loadMany: BatchLoader<K, T, Key>,
    options: GetOrSetManyOptions & { readonly partial: true },
  ): Promise<PromiseSettledResult<T>[]>
  getOrSetMany<K extends Key, T>(
    keys: readonly K[],
    loadMany: BatchLoader<K, T, Key>,
    options?: GetOrSetManyOptions & { readonly partial?: false },
  ): Promise<T[]>

  /**
   * A declared family of keys, read through: `get` loads what is missing.
   *
   * With `write`, `set` and `remove` go to the source as well. With a `schema` its loaders and `set` give what the schema takes, and its reads what the schema makes of it.
   *
   * @throws at once {TIERCEL_INVALID_TEMPLATE} the key template breaks the naming rules
   * @throws at once {TIERCEL_TEMPLATE_CONFLICT} another resource or memoized function of this namespace could produce the same key; the same
   *   definition object may be declared again
   * @throws at once {TIERCEL_INVALID_LOADER} {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} {TIERCEL_CLOSED}
   * @example
   * const products = cache.resource({ key: 'product:{id}:details', ttl: '5m', load: ({ id }) => db.product(id) })
   * const product = await products.get({ id: 7 })
   */
  resource<const Template extends string, S extends StandardSchema>(
    definition: ResourceDefinition<Template, SchemaInput<S>> & SchemaOptions<S> & Writes<Template, SchemaInput<S>>,
  ): WritableResource<Template, SchemaOutput<S>, SchemaInput<S>>
  resource<const Template extends string, T>(
    definition: ResourceDefinition<Template, T> & Writes<Template, T>,
  ): WritableResource<Template, T>
  resource<const Template extends string, S extends StandardSchema>(
    definition: ResourceDefinition<Template, SchemaInput<S>> & SchemaOptions<S>,
  ): Resource<Template, SchemaOutput<S>, SchemaInput<S>>
  resource<const Template extends string, T>(definition: ResourceDefinition<Template, T>): Resource<Template, T>

  /**
   * `fn` with its results cached by its arguments.
   *
   * The key is `name` and the arguments, told apart by type and content: `1`, `'1'` and `1n` are three, `{ a: 1, b: 2 }` and `{ b: 2, a: 1 }` one.
   * Functions, symbols, instances of classes and cycles are refused. `this` is no part of the key and is not passed on; an overloaded
   * function has the type of its last overload.
   *
   * @throws at once {TIERCEL_INVALID_TEMPLATE} {TIERCEL_TEMPLATE_CONFLICT} {TIERCEL_INVALID_LOADER} {TIERCEL_UNKNOWN_OPTION}
   *   {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} {TIERCEL_CLOSED}
   * @example
   * const forecast = cache.memoize((airport: string, at: Date) => api.forecast(airport, at), { name: 'weather:forecast', ttl: '10m' })
   * const sunday = await forecast('ZRH', new Date('2026-08-09'))
   */
  memoize<Args extends readonly unknown[], R>(fn: (...args: Args) => R, options: MemoizeOptions): MemoizedFunction<Args, Awaited<R>>

  /**
   * Stores `value` under `key` in all tiers.
   *
   * Not fenced against a change that was committed before: a value that was computed before somebody else's change and set after it overwrites the newer
   * one, and stays. Where that matters, let a loader produce the value, and change the source inside `mutate`.
   *
   * @throws {TIERCEL_UNDEFINED_VALUE} {TIERCEL_UNSERIALIZABLE_VALUE} {TIERCEL_VALUE_TOO_LARGE} {TIERCEL_INVALID_KEY}
   *   {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} {TIERCEL_CLOSED}
   * @throws {TIERCEL_FENCED} the source of the key is being changed: nothing was stored
   * @throws {TIERCEL_STORE_UNAVAILABLE} {TIERCEL_STORE_DEADLINE} {TIERCEL_SERVER_ERROR} L2 did not confirm. The value is then in no
   *   tier of this process; the server may or may not have it.
   * @remarks Costs: one round trip.
   */
  set<T>(key: Key, value: T, options?: SetOptions<T>): Promise<void>

  /**
   * Removes `key` from all tiers, and keeps a load of it that is under way, in any process, from storing its result.
   *
   * Called after a change of the source was committed, it makes the change visible, but for two things: a process that dies between the commit and the
   * call leaves the old value until its ttl is over, and so does a loader that reads from a replica that lags. `mutate` covers both.
   *
   * @returns `'applied'`, or `'queued'` where the server cannot be reached: then it is tried again until it is
   * @throws {TIERCEL_INVALID_KEY} {TIERCEL_CLOSED}; {TIERCEL_SERVER_ERROR} the server refuses, and would again
   * @remarks Costs: one round trip.
   */
  delete(key: Key): Promise<InvalidationOutcome>

  /**
   * Ends the fresh time of `key` now: its value is stale for what is left of its `grace`, and gone without one. A load that is under way, in any
   * process, does not store its result.
   *
   * @returns and throws as `delete`; what is queued is deleted
   * @remarks Costs: one round trip.
   */
  expire(key: Key): Promise<InvalidationOutcome>

  /**
   * Makes every value of this namespace that carries `tag` invalid, however many there are: one command that deletes one key. A load that is under way
   * does not store its result under it.
   *
   * Other processes see it when they hear of it, and after `maxStaleness` at the latest.
   *
   * @returns as `delete`
   * @throws as `delete`
   * @remarks Costs: one round trip, whatever carries the tag.
   * @example
   * await cache.getOrSet(['product', id], () => db.product(id), { tags: ['products', ['category', category]] })
   * await cache.invalidateTag(['category', category])
   */
  invalidateTag(tag: Tag): Promise<InvalidationOutcome>

  /** As `invalidateTag`, for several tags in one step. */
  invalidateTags(tags: readonly Tag[]): Promise<InvalidationOutcome>

  /**
   * Makes every value of this namespace that carries `tag` stale: it is served for what is left of its `grace` while it is refreshed, and gone without one.
   *
   * @returns and throws as `delete`; what is queued is invalidated
   * @remarks Costs: one round trip, whatever carries the tag.
   */
  expireTag(tag: Tag): Promise<InvalidationOutcome>

  /** As `expireTag`, for several tags in one step. */
  expireTags(tags: readonly Tag[]): Promise<InvalidationOutcome>

  /**
   * Makes every value of this namespace invalid, however many there are; namespaces within it have their own `clear`. The values leave the server
   * as they are replaced or run out.
   *
   * @returns and throws as `delete`
   * @remarks Costs: one round trip.
   */
  clear(): Promise<InvalidationOutcome>

  /**
   * Changes the source, and makes what was stored of it invalid: nothing that was loaded before or during `change` is stored afterwards or kept, by any
   * process, whatever the order of events, also when this process dies at any point. Then nothing is stored for the targets until the `fence` is over.
   *
   * Changes of one target may overlap. What `change` itself reads through this cache is loaded for it alone.
   *
   * @param targets a key, or `{ keys, tags }`
   * @param change commits before it resolves. Called also when the server is away: the invalidation is then queued.
   * @returns what `change` returned, and what became of the invalidation
   * @throws what `change` throws, unchanged, after the invalidation
   * @throws {TIERCEL_INVALID_KEY} {TIERCEL_INVALID_LOADER} {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} {TIERCEL_CLOSED} before
   *   anything is changed; {TIERCEL_SERVER_ERROR} the server refuses the invalidation: the source was changed
   * @remarks Costs: one round trip before and one after the change, and one for each third of `fence` that it takes.
   * @example
   * const { result, outcome } = await cache.mutate(['product', id], () => db.updateProduct(id, patch))
   */
  mutate<T>(targets: Key | MutateTargets, change: () => T | Promise<T>, options?: MutateOptions): Promise<MutateResult<T>>

  /** Whether `get` would find a value now. Costs what `get` costs. */
  has(key: Key): Promise<boolean>

  /**
   * The values under `keys`, in their order; `undefined` where there is none.
   *
   * @remarks Costs: one MGET per 50 keys that L1 does not have (per slot on a cluster), all in flight together: about one round trip.
   */
  getMany<S extends StandardSchema>(keys: readonly Key[], options: GetOptions & SchemaOptions<S>): Promise<(SchemaOutput<S> | undefined)[]>
  getMany<T = unknown>(keys: readonly Key[], options?: GetOptions): Promise<(T | undefined)[]>

  /** Stores several values in one pipeline. Not a transaction: when it rejects, some may be stored. All are checked before any is sent. */
  setMany(entries: readonly (readonly [key: Key, value: unknown])[], options?: SetOptions): Promise<void>

  /** As `delete`, for several keys in one pipeline. `'queued'`: some of them may still be there, and all are tried again. */
  deleteMany(keys: readonly Key[]): Promise<InvalidationOutcome>

  /**
   * Where the entry of `key` is in both tiers, how old, under which tags, and why a read would serve it now or not. For people: it looks at everything and
   * changes nothing, neither L1 nor counters, and there are no events of it.
   *
   * @returns plain data, never the value; a server that is away is part of the answer. As text: `describeExplanation`
   * @throws {TIERCEL_INVALID_KEY} {TIERCEL_CLOSED}
   * @remarks Costs: two round trips, for the value with its ttl and for its tags; the value is downloaded and decoded. The two are not one moment: of a
   *   change between them it may tell half.
   * @example
   * const { verdict, l1, l2 } = await cache.explain(['product', id])
   */
  explain(key: Key): Promise<Explanation>

  /**
   * Finds and deletes keys of this namespace by prefix or pattern, in L2 and with them in L1: `keys`, `scan`, `deleteByPrefix`, `deleteByPattern`. For people
   * and jobs: each looks at every key of the server, at a bounded rate. In a request use tags or `clear`. Namespaces within it are not touched.
   *
   * Its members reject with {TIERCEL_UNSUPPORTED} without an L2 that can look through its keys, as `memoryStore` cannot.
   *
   * @remarks Costs: a round trip for each `count` keys of the server, and one for each page with something to delete.
   * @example
   * const { deleted } = await cache.admin.deleteByPrefix('product:', { signal: AbortSignal.timeout(60_000) })
   */
  readonly admin: Admin

  /**
   * A cache with keys of its own on the same tiers, links and counters: `shop` within the root, `shop/tenant-7` within that.
   *
   * @param name 1 to 200 characters; any text, so that a tenant's id can be one.
   * @throws {TIERCEL_INVALID_OPTION} at once
   */
  namespace(name: string): Cache

  /** Calls `listener` for each event of this cache and its namespaces until the returned function is called. A listener that throws is ignored. */
  on(listener: CacheEventListener): () => void

  /** How the cache does now, for a health endpoint. Sends nothing, so it costs nothing and cannot hang. */
  health(): CacheHealth

  /** Counters since the cache was created, of all its namespaces together. */
  stats(): CacheStats

  /** Waits until nothing is under way in the background: loads that all callers left, values on their way to L2. */
  idle(): Promise<void>

  /**
   * Ends the cache: waits for what is under way, at most for `drainMs`, and closes what the cache itself opened, never a client that was handed in. Calls after it
   * reject with `TIERCEL_CLOSED`. May be called again: that waits for the same end. Closing a namespace closes the whole cache.
   *
   * @throws {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} and nothing is closed
   * @example
   * process.once('SIGTERM', () => void cache.close({ drainMs: 10_000 }))
   */
  close(options?: CloseOptions): Promise<void>
}
