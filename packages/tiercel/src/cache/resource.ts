import type { KeyPart } from '../kernel/key.ts'
import type { KeyParam, KeyParams } from '../kernel/key-template.ts'
import type { InvalidationOutcome } from './invalidate.ts'
import type { BatchLoader, LoadContext } from './loader.ts'
import type { MutateOptions, MutateResult } from './mutate.ts'
import type { BatchOptions, PolicyOptions, SetOptions } from './options.ts'
import type { Tag } from './tag-names.ts'

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
 * At least one of the two. With `loadMany`, all `get`s of one turn of the event loop join one batch; `load`, where there is one, then
 * serves the batches that come to a single key.
 */
export type ResourceLoaders<Params, T> =
  | { readonly load: ResourceLoader<Params, T>; readonly loadMany?: BatchLoader<Params, T, Params | KeyParam> }
  | { readonly load?: undefined; readonly loadMany: BatchLoader<Params, T, Params | KeyParam> }

/** Produces the value of one key from the source. `null` for "there is none". Must depend on nothing but `params`. */
export type ResourceLoader<Params, T> = (params: Params, context: LoadContext) => T | Promise<T>

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
