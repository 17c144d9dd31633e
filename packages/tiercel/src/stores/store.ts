/**
 * A store keeps bytes under keys for a time. It knows nothing of codecs, envelopes or freshness; of what it keeps it knows one thing only:
 * content that begins with `F` is a fence, put there by somebody who is changing the source, and what is stored or deleted
 * unconditionally must leave it.
 *
 * An implementer promises:
 *
 * - a key is any non-empty text of at most 1 KiB as UTF-8; two different texts are two different keys;
 * - the bytes that come out are the bytes that went in; `undefined` means that there is nothing (missing, run out, evicted,
 *   or of a type that is not bytes), never an empty value, which is a value;
 * - `ttlMs` is remaining life, counted by the store's own clock from the moment it executes the write; > 0, whole;
 * - reads and writes of one caller are executed in the order in which they were called, and each is one atomic step per key;
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
  /** As `get`, told to `reader`, once: for those who read very often and need no promise. Missing where it would save nothing. */
  read?(key: string, reader: Reader): void
  /**
   * Stores only where nothing is.
   * @returns what is there, or `undefined` when it was stored
   */
  claim(entry: StoreEntry): Promise<Buffer | undefined>
  /**
   * Replaces, or removes, only what still begins with `expected`, which is not empty.
   * @returns whether it was done
   */
  swap(swap: Swap): Promise<boolean>
  /**
   * Stores whatever is there, but for a fence. A write that is reported as late or lost is not executed later than its budget by the store's clock.
   * @returns one outcome per entry, in order. Not a transaction: when it rejects, some may be stored
   */
  setMany(entries: readonly StoreEntry[]): Promise<readonly PutOutcome[]>
  /** Deletes whatever is there, but for a fence, which keeps everything out anyway. */
  deleteMany(keys: readonly string[]): Promise<void>
  /**
   * Writes `bytes` from `offset` on into what begins with `V`, keeping its time; leaves a fence; deletes anything else.
   * @returns whether there was something to write into
   */
  overwrite(key: string, offset: number, bytes: Buffer): Promise<boolean>
  /**
   * Calls `onChange` whenever the key may have changed, by whomever, until it is closed: at most one call per change is to be expected, more may
   * come. Missing where a store cannot; its users then ask from time to time.
   */
  watch?(key: string, onChange: () => void): Watch
  close(): Promise<void>
}

/** Who is told what a key holds. Must not throw. */
export interface Reader {
  onRead(bytes: Buffer | undefined): void
  onFailure(error: unknown): void
}

export interface StoreEntry {
  readonly key: string
  readonly value: Buffer
  readonly ttlMs: number
}

export interface Swap {
  readonly key: string
  /** First bytes of what must be there. */
  readonly expected: Buffer
  /** Whether `expected` is all of it, which lets a server that can compare do so without a script. */
  readonly isWhole: boolean
  /** What comes in its place, not empty; `undefined`: nothing. */
  readonly value: Buffer | undefined
  /** Of the new value. */
  readonly ttlMs: number
}

/** `fenced`: somebody is changing the source; nothing was stored. */
export type PutOutcome = 'stored' | 'fenced'

export interface Watch {
  /** Whether changes are heard now. Else ask from time to time. */
  readonly isLive: boolean
  close(): void
}

/** First byte of a fence. */
export const fenceByte = 0x46
/** First byte of a value that `overwrite` writes into. */
export const valueByte = 0x56
