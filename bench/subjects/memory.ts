/**
 * What a cache in memory is asked for: values by key, at most so many, synchronously. `sizeOf` is left out: nothing here is weighed.
 */
export type OpenMemory = (setup: MemorySetup) => Promise<MemorySubject>

export interface MemorySetup {
  readonly maxEntries: number
  /** None: entries live until they are evicted. */
  readonly ttlMs?: number
}

export interface MemorySubject {
  readonly size: number
  get(key: string): unknown
  set(key: string, value: unknown): unknown
}
