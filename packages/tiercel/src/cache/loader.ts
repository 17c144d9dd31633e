/** What callers hand in to be loaded, and what it is handed. */

/** Produces the value of one key from the source. `null` for "there is none". */
export type Loader<T> = (context: LoadContext) => T | Promise<T>

export interface LoadContext {
  /** The encoded path of the key. */
  readonly key: string
  /** Fires when no caller waits for this load any more. */
  readonly signal: AbortSignal
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
