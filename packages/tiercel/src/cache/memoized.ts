import type { KeyPart } from '../kernel/key.ts'
import type { InvalidationOutcome } from './invalidate.ts'
import type { PolicyOptions } from './options.ts'

export interface MemoizeOptions extends PolicyOptions {
  /**
   * What the keys begin with: one or more lower-case segments between colons, such as `'weather:forecast'`. Not taken from the function, whose
   * name a bundler may change.
   */
  readonly name: string
}

/** A function whose results are cached by its arguments. Called with different numbers of arguments it has different keys. */
export interface MemoizedFunction<Args extends readonly unknown[], T> {
  /**
   * The cached result; else `fn` is called, once at a time per key in this process, and its result stored.
   *
   * @throws the function's own error, unchanged, and those of `getOrSet`
   * @throws {TIERCEL_INVALID_ARGUMENT} an argument cannot be part of a key, or was changed before the function was called with it
   * @remarks Costs: what `getOrSet` costs, and writing the arguments down.
   */
  (...args: Args): Promise<T>

  /** The key of a call, for every verb of the cache that takes one. Throws {TIERCEL_INVALID_ARGUMENT} at once. */
  key(...args: Args): readonly KeyPart[]

  /** As `cache.delete`: the next call with these arguments calls the function. */
  delete(...args: Args): Promise<InvalidationOutcome>
}
