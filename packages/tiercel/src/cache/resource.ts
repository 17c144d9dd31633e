import type { KeyPart } from '../kernel/key.ts'
import type { KeyParam, KeyParams } from '../kernel/key-template.ts'
import type { Source } from '../sources/source.ts'
import type { InvalidationOutcome } from './invalidate.ts'
import type { BatchLoader, LoadContext } from './loader.ts'
import type { MutateOptions, MutateResult } from './mutate.ts'
import type { BatchOptions, PolicyOptions, SetOptions } from './options.ts'
import type { Tag } from './tag-names.ts'
import type { WriteLog } from './write-log.ts'
import type { WriteOutcome } from './write-source.ts'

/** What a resource is declared with: its key, its loaders, and how long its values live. */
export type ResourceDefinition<Template extends string, T> = ResourceOptions<Template> &
  ResourceLoaders<KeyParams<Template>, T> & {
    /**
     * What values are invalidated by: a list for all of them, or a function of the value and its parameters. It is not called for `null` and what the
     * source does not have. Written after the loader, the type of the value is known to it. At most 100 each. Default: none.
     */
    readonly tags?: readonly Tag[] | ((value: NoInfer<T>, params: KeyParams<Template>) => readonly Tag[])
  }

export interface ResourceOptions<Template extends string> extends PolicyOptions, BatchOptions {
  /**
   * The key template, `object:identifier:field`: lower-case segments between colons, and parameters in braces, each a segment of its own.
   * `'product:{id}:details'` takes `{ id }`.
   */
  readonly key: Template
}

/**
 * At least one of them; what is there beside a source comes before it. With `loadMany`, all `get`s of one turn of the event loop join one batch; `load`, where there is one, then
 * serves the batches that come to a single key.
 */
export type ResourceLoaders<Params, T> =
  | (OwnLoaders<Params, T> & { readonly load: ResourceLoader<Params, T> })
  | (OwnLoaders<Params, T> & { readonly loadMany: BatchLoader<Params, T, Params | KeyParam> })
  | (OwnLoaders<Params, T> & { readonly source: Source<Params, T> })

interface OwnLoaders<Params, T> {
  readonly load?: ResourceLoader<Params, T> | undefined
  readonly loadMany?: BatchLoader<Params, T, Params | KeyParam> | undefined
  /** Where values come from, and go to with `write`: {@link Source}. `tiercel/sources/…` has some. */
  readonly source?: Source<Params, T> | undefined
}

/** Produces the value of one key from the source. `null` for "there is none". Must depend on nothing but `params`. */
export type ResourceLoader<Params, T> = (params: Params, context: LoadContext) => T | Promise<T>

/** A definition that has it is of a resource that writes. */
export interface Writes<Template extends string, T> {
  /** How values are written. Default: `set` is of the cache alone. */
  readonly write: WriteOptions<KeyParams<Template>, T>
}

export type WriteOptions<Params, T> = WriteThrough<Params, T> | WriteBehind<Params, T>

/**
 * What is missing here comes from the `source` of the resource. One of `store` and `storeMany` is needed, but for a log whose writes are carried by other
 * processes; `remove` where values are to be removed.
 */
export interface WriteThrough<Params, T> extends MutateOptions, SourceWrites<Params, T> {
  /** The source first, then the cache, and the caller waits for both. */
  readonly mode: 'through'
}

export interface WriteBehind<Params, T> extends MutateOptions, SourceWrites<Params, T> {
  /** A log first, then the cache; the source takes the writes from the log. Reads of what it has not taken yet are answered by the log. */
  readonly mode: 'behind'
  /** `createWriteBehind` of `tiercel/write-behind`. */
  readonly log: WriteLog
  /** What the source is known by in the log, the same in all processes and no other's. Default: the key template. */
  readonly name?: string
}

export type SourceWrites<Params, T> = Pick<Source<Params, T>, 'checksSequences' | 'store' | 'storeMany' | 'remove'>

export interface WriteCallOptions<T = unknown> extends SetOptions<T> {
  /** Handed on to the source. Fired before the call, it rejects with the signal's reason. Default: none. */
  readonly signal?: AbortSignal
}

export interface ResourceGetOptions {
  /** Detaches this caller when it fires. Default: none. */
  readonly signal?: AbortSignal
  /** Loads in any case, as in `getOrSet`. Default: false. */
  readonly forceFresh?: boolean
}

/**
 * A declared family of keys, read through. `T` is what is read; `Stored`, what is loaded and set, is another type only where a schema makes
 * the one of the other.
 *
 * Parameters are strings, finite numbers or bigints and count by their text: `{ id: 7 }` and `{ id: '7' }` are one key. Any text may be one.
 * Fields of `params` that the template does not name are ignored, and not handed to the loaders. Every method rejects with
 * {TIERCEL_INVALID_KEY} when a parameter is missing or of another type, and {TIERCEL_CLOSED} after `close`.
 */
export interface Resource<Template extends string, T, Stored = T> {
  /** As it was declared. */
  readonly template: Template

  /** The key of `params`, for every verb of the cache that takes one: `cache.has(products.key({ id: 7 }))`. Throws at once. */
  key(params: KeyParams<Template>): readonly KeyPart[]

  /**
   * The value, loaded when there is none. As `getOrSet`, in errors and costs; with `loadMany`, as `getOrSetMany` for all `get`s of the same
   * turn of the event loop.
   */
  get(params: KeyParams<Template>, options?: ResourceGetOptions): Promise<T>

  /**
   * The values, in the order of `list`; those that are missing are loaded: by one call of `loadMany`, or each by `load`.
   *
   * @returns the values; with `partial`, one settled result per key.
   * @throws {TIERCEL_BATCH_FAILED} as `getOrSetMany`
   */
  getMany(
    list: readonly KeyParams<Template>[],
    options: ResourceGetOptions & { readonly partial: true },
  ): Promise<PromiseSettledResult<T>[]>
  getMany(list: readonly KeyParams<Template>[], options?: ResourceGetOptions & { readonly partial?: false }): Promise<T[]>

  /** Whether there is a value now. Does not load. Costs what `cache.get` costs. */
  has(params: KeyParams<Template>): Promise<boolean>

  /**
   * As `cache.set`, with the resource's own options as defaults.
   *
   * @throws {TIERCEL_SCHEMA_MISMATCH} the value does not satisfy the schema of the resource; nothing is stored
   */
  set(params: KeyParams<Template>, value: Stored, options?: SetOptions<Stored>): Promise<void>

  /** As `cache.mutate`, of one value: `products.mutate({ id: 7 }, () => db.updateProduct(7, patch))`. */
  mutate<R>(params: KeyParams<Template>, change: () => R | Promise<R>, options?: MutateOptions): Promise<MutateResult<R>>

  /** As `cache.setMany`, with the resource's own options as defaults. Throws as `set`. */
  setMany(entries: readonly (readonly [params: KeyParams<Template>, value: Stored])[], options?: SetOptions<Stored>): Promise<void>

  /** As `cache.delete`: after a change of the source, the next `get` loads the new row. */
  delete(params: KeyParams<Template>): Promise<InvalidationOutcome>

  /** As `cache.expire`: the next `get` serves the stale value within its grace, and loads the new row behind it. */
  expire(params: KeyParams<Template>): Promise<InvalidationOutcome>

  /** As `cache.deleteMany`. */
  deleteMany(list: readonly KeyParams<Template>[]): Promise<InvalidationOutcome>
}

/** A resource that writes to its source as well. */
export interface WritableResource<Template extends string, T, Stored = T> extends Omit<Resource<Template, T, Stored>, 'set' | 'setMany'> {
  /**
   * Writes a value to the source, or to the log before it, and to the cache, which holds nothing else of the key meanwhile. Costs two round trips beside
   * the write itself. `null` is what a key has that the source does not: `remove` makes it so.
   *
   * @throws what the source throws, as it is: whether it has the value is then its own affair, and the cache has none
   * @throws {TIERCEL_SCHEMA_MISMATCH} {TIERCEL_UNDEFINED_VALUE} {TIERCEL_UNSERIALIZABLE_VALUE} {TIERCEL_VALUE_TOO_LARGE} nothing was touched
   * @throws of a log, as `WriteLog.append`
   */
  set(params: KeyParams<Template>, value: Exclude<Stored, null>, options?: WriteCallOptions<Stored>): Promise<WriteOutcome>

  /**
   * As `set` for each, by as few calls of `storeMany` as `batchSize` allows, or each by `store`. No key twice.
   *
   * @returns the outcomes, in the order of `entries`; with `partial`, one settled result per key.
   * @throws {TIERCEL_BATCH_FAILED} some could not be written; `results` of the error has each
   */
  setMany(
    entries: readonly (readonly [params: KeyParams<Template>, value: Exclude<Stored, null>])[],
    options: WriteCallOptions<Stored> & { readonly partial: true },
  ): Promise<PromiseSettledResult<WriteOutcome>[]>
  setMany(
    entries: readonly (readonly [params: KeyParams<Template>, value: Exclude<Stored, null>])[],
    options?: WriteCallOptions<Stored> & { readonly partial?: false },
  ): Promise<WriteOutcome[]>

  /**
   * Removes a value from the source, or has the log do so, and from the cache. (`delete` is of the cache alone.)
   *
   * @throws {TIERCEL_UNSUPPORTED} there is no `remove`; otherwise as `set`
   */
  remove(params: KeyParams<Template>, options?: { readonly signal?: AbortSignal }): Promise<WriteOutcome>
}
