/** What the caches hold. */
export interface Item {
  readonly id: number
}

/**
 * What a caching library is asked for: one cache, read through its own getOrSet, with the options its documentation gives for
 * speed. `read` is the call a user would write, its loader closure included, and nothing around it.
 */
export type OpenCache = (setup: CacheSetup) => Promise<OpenedCache>

export interface CacheSetup {
  readonly url: string
  readonly load: (key: string) => Promise<Item>
}

export interface OpenedCache {
  read(key: string): Promise<Item>
  /** Ends the cache and its links once everything written has reached the server. */
  close(): Promise<void>
}

/** What a client is asked for: values of 100 bytes by key. */
export type OpenStore = (url: string) => Promise<OpenedStore>

export interface OpenedStore {
  write(entries: readonly (readonly [key: string, value: string])[]): Promise<void>
  get(key: string): Promise<unknown>
  /** What `get` returned as text, for the comparison after the clock. */
  text(value: unknown): string
  close(): Promise<void>
}

/** Larger than any set of keys here: nothing is evicted, nobody is measured on how. */
export const MAX_ENTRIES = 20_000

export const TTL_MS = 300_000
