/**
 * A store keeps bytes under keys for a time. It knows nothing of codecs, envelopes or freshness.
 *
 * An implementer promises:
 *
 * - a key is any non-empty text of at most 1 KiB as UTF-8; two different texts are two different keys;
 * - the bytes that come out are the bytes that went in; `undefined` means that there is nothing (missing, run out, evicted,
 *   or of a type that is not bytes), never an empty value, which is a value;
 * - `ttlMs` is remaining life, counted by the store's own clock from the moment it executes the write; > 0, whole;
 * - reads and writes of one caller are executed in the order in which they were called;
 * - each call costs at most the store's own budget of time and then rejects: nothing hangs;
 * - the batch forms are the primitive: one call, as few round trips as the topology allows. `get` called n times in one turn of
 *   the event loop costs what `getMany` of n keys costs;
 * - after `close` every call rejects with `TIERCEL_CLOSED`. `close()` may be called twice.
 *
 * What throws: `StoreError` (`TIERCEL_STORE_UNAVAILABLE`, `TIERCEL_STORE_DEADLINE`, `TIERCEL_SERVER_ERROR`, `TIERCEL_CLOSED`); `UsageError` when the store cannot
 * work as it was set up. Nothing else.
 *
 * Defined by the suite `test/conformance/store.suite.ts`.
 */
export interface Store {
  readonly specVersion: 1
  /** For messages and metrics: `valkey`, `memory`. */
  readonly name: string
  /**
   * The store's clock now, as Unix time in ms. Instants in stored values are in the store's time, so that processes with different
   * clocks agree on an age. As exact as the last measurement: half a round trip.
   */
  nowMs(): number
  /** Waits until the store can be used for the first time, at most its budget. */
  ready(): Promise<void>
  get(key: string): Promise<Buffer | undefined>
  getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]>
  setMany(entries: readonly StoreEntry[]): Promise<void>
  /**
   * Stores only if what is there still begins with `expected`; an empty `expected` means that nothing may be there.
   * One atomic step.
   * @returns whether it was stored
   */
  swap(entry: StoreEntry, expected: Buffer): Promise<boolean>
  deleteMany(keys: readonly string[]): Promise<void>
  close(): Promise<void>
}

export interface StoreEntry {
  readonly key: string
  readonly value: Buffer
  readonly ttlMs: number
}
