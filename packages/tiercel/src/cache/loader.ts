import type { Duration } from '../kernel/duration.ts'
import type { Tag } from './tag-names.ts'

/** What callers hand in to be loaded, and what it is handed. */

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
  /**
   * Tags of what is loaded, beside those of the call, for example by what the row says: `ctx.setTags([['category', row.category]])`. If one of them
   * was invalidated while it was loaded, or for the first time names anything just then, the value is handed out and not stored.
   * @throws {TIERCEL_INVALID_KEY} {TIERCEL_INVALID_OPTION}
   */
  setTags(tags: readonly Tag[]): void
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

/**
 * Produces the values of several keys from the source.
 *
 * `MapKey` is what the keys of a returned Map may be: they are matched by the key they stand for, not by identity, and those that were not
 * asked for are ignored.
 */
export type BatchLoader<Item, T, MapKey = unknown> = (
  items: readonly Item[],
  context: BatchLoadContext,
) => BatchLoaded<T, MapKey> | Promise<BatchLoaded<T, MapKey>>

/** One entry per key, in their order; or a Map, in which a key without an entry counts as failed. */
export type BatchLoaded<T, MapKey = unknown> = readonly (T | Error | PromiseLike<T>)[] | ReadonlyMap<MapKey, T | Error>

export interface BatchLoadContext {
  /** The load context of each key, in their order: `entries[0].key`. */
  readonly entries: readonly LoadContext[]
  /** Fires when no caller waits for any of these keys any more. */
  readonly signal: AbortSignal
}
