import type { Advice } from '../telemetry/advice.ts'
import type { Admin } from './admin/admin.ts'
import type { BreakerChange, StoreHealth } from './gates.ts'

/**
 * A store keeps bytes under keys for a time. It knows nothing of codecs, envelopes or freshness; of what it keeps it knows two things only:
 * content that begins with `F` is a fence (`codecs/fence.ts`), put there by somebody who is changing the source, and what is stored or
 * deleted unconditionally must leave it; and tags with their counter (`codecs/tag-token.ts`), which several steps must handle as one.
 *
 * An implementer promises:
 *
 * - a key is any non-empty text of at most 1 KiB as UTF-8; two different texts are two different keys;
 * - the bytes that come out are the bytes that went in; `undefined` means that there is nothing (missing, run out, evicted,
 *   or of a type that is not bytes), never an empty value, which is a value;
 * - `ttlMs` is remaining life, counted by the store's own clock from the moment it executes the write; > 0, whole;
 * - reads and writes of one caller are executed in the order in which they were called (but for `mayLag`), and each is one atomic step per key;
 * - each call costs at most the store's own budget of time and then rejects: nothing hangs;
 * - the batch forms are the primitive: one call, as few round trips as the topology allows. `get` called n times in one turn of
 *   the event loop costs what `getMany` of n keys costs;
 * - after `close` every call rejects with `TIERCEL_CLOSED`. `close()` may be called twice.
 *
 * What throws: `StoreError` (`TIERCEL_STORE_UNAVAILABLE`, `TIERCEL_STORE_DEADLINE`, `TIERCEL_SERVER_ERROR`, `TIERCEL_CLOSED`); `UsageError` when the store cannot
 * work as it was set up. Nothing else.
 *
 * Defined by the suite `testing/conformance/store-conformance.ts`, `storeConformance` of `tiercel/testing`.
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
  /** How old at most what is read with `mayLag` may be, in ms. Missing: nothing lags. */
  readonly readLagMs?: number
  /** The budget of a call, in ms: a cache spends it once for all that it asks before it calls a loader. Missing: nothing here can hang. */
  readonly budgetMs?: number
  /** Waits until the store can be used for the first time, at most its budget. */
  ready(): Promise<void>
  /** @param mayLag whether what was there up to `readLagMs` ago will do: it need not be in order with the calls around it. Default: false */
  get(key: string, mayLag?: boolean): Promise<Buffer | undefined>
  getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]>
  /** As `get`, told to `reader`, once: for those who read very often and need no promise. Missing where it would save nothing. */
  read?(key: string, reader: Reader, mayLag?: boolean): void
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
  /** Deletes whatever is there, but for a fence with a live item, which keeps everything out anyway. */
  deleteMany(keys: readonly string[]): Promise<void>
  /**
   * Opens or closes fences. Dead items are dropped by the way. May be executed twice, or late: then it costs misses, nothing else.
   * @returns one outcome per key, in order; not one step for several keys, but for tags, whose counter counts each that was deleted
   */
  fence(step: FenceStep): Promise<readonly FenceOutcome[]>
  /** Reads tags and their counter in one step; tags that hold nothing are given tokens, in that step. */
  snap(snap: Snap): Promise<Snapshot>
  /** Gives tags a new soft half, in one step with their counter; leaves fences. */
  ageTags(keys: readonly string[], counter: string): Promise<void>
  /** As `get`, of the first 64 bytes. Those of one turn of the event loop leave together. */
  getHead(key: string): Promise<Buffer | undefined>
  /**
   * Writes `bytes` from `offset` on into what begins with `V`, keeping its time; leaves a fence, into whose place no value can come then; deletes anything
   * else.
   * @returns whether there was something to write into
   */
  overwrite(key: string, offset: number, bytes: Buffer): Promise<boolean>
  /** What is left of a key's life, in ms; `Infinity`: it has no end; `undefined`: nothing is there. Missing where a store cannot say: for people who look. */
  leftMs?(key: string): Promise<number | undefined>
  /**
   * Operations on all keys that begin with `prefix`, which is not empty, in terms of what follows it. Missing where a store cannot look through its keys.
   *
   * @param onDeleted told, before the next ones are looked for, of whole keys that were deleted, or found to be fenced
   */
  admin?(prefix: string, onDeleted: (keys: readonly string[]) => void): Admin
  /**
   * Tells of changes to keys that begin with one of the prefixes, by whomever, also over this store itself, until it is closed: at most one call per
   * change is to be expected, more may come. Missing where a store cannot; its users then ask from time to time.
   * @throws {TIERCEL_STORE_UNAVAILABLE} {TIERCEL_SERVER_ERROR} there is no such link now; {TIERCEL_UNSUPPORTED} there will be none
   */
  follow?(options: FollowOptions, listener: FeedListener): Promise<Feed>
  /** Messages between all who use the same server. Missing where a store has none. */
  readonly messages?: Messages
  /**
   * Calls `listener` whenever there is a new link to a server that takes writes, the first one too, or one that had failed is asked again; what the listener asks for is executed before
   * anything else over that link. Missing where there is no link that could be lost.
   */
  onLink?(listener: () => void): () => void
  /** Grows whenever a link is lost or made. Missing as `onLink`. */
  readonly linkEpoch?: number
  /** How it does, as its own calls saw it; sends nothing. Missing where nothing can fail. */
  health?(): StoreHealth
  /** Calls `listener` whenever a circuit breaker of it changes its state. Missing where there is none. */
  onBreaker?(listener: (change: BreakerChange) => void): () => void
  /** Calls `listener` at most once, with what is set up in a way that will do harm. Missing where nothing is looked at. */
  onAdvice?(listener: (advice: readonly Advice[]) => void): () => void
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

export interface FenceStep {
  /** All entries, or all tags of one counter. */
  readonly keys: readonly string[]
  /** Of tags. */
  readonly counter?: string | undefined
  /** `renew`: as `open`; where the owner's item is not there any more, others may have come and gone, and the place is nobody's alone. */
  readonly op: 'open' | 'renew' | 'close'
  /** 12 bytes; `undefined` closes nobody's: it deletes where no fence is. */
  readonly owner?: Buffer | undefined
  /** `open`, `renew`: how long the item stands unless it is renewed. `close`: how long nothing may be stored after it; 0: at once. ms, whole. */
  readonly forMs: number
  /** `close` of one key: comes into the place of the fence, where it stood all the time and was nobody else's. */
  readonly value?: Buffer | undefined
  /** Of that value, or of the fence of a tag. */
  readonly ttlMs: number
}

/** `fenced`: items stand. `empty`: nothing is there. `stored`: the value is. */
export type FenceOutcome = 'fenced' | 'empty' | 'stored'

export interface Snap {
  /** In the slot of the tags. */
  readonly counter: string
  readonly tags: readonly SnapTag[]
}

export interface SnapTag {
  readonly key: string
  /** What it is to live at least half of, in ms; `undefined`: for ever. */
  readonly lifeMs: number | undefined
}

export interface Snapshot {
  /** How many bumps there have been, as it was found. */
  readonly number: number
  /** The content of each tag; `'fenced'` while its fence has a live item. */
  readonly tags: readonly (Buffer | 'fenced')[]
}

/** One whose feed is local tells of everything, whatever is asked for. */
export interface FollowOptions {
  /** At least one, none the beginning of another. */
  readonly prefixes: readonly string[]
  /**
   * `broadcast`: every change. `default`, `optin`: of a key that was read over this store, its next change, also one of its own; `get`, `getMany`,
   * `read`, `getHead` and `snap` read. Default: `broadcast`.
   */
  readonly mode?: 'broadcast' | 'default' | 'optin'
  /** Whether changes over this store are left out, and those of whoever shares its link. Default: false. */
  readonly noLoop?: boolean
}

export interface FeedListener {
  /** Keys that may have changed; `null`: any may have. */
  onChange(keys: readonly string[] | null): void
  /** From here to the next `onUp` changes may be missed. */
  onDown(): void
  onUp(): void
}

export interface Feed {
  /** Whether it is in this process, where nothing is lost or late. */
  readonly isLocal: boolean
  /** Resolves when the other side has answered, over the way that changes come. */
  prove(): Promise<void>
  close(): Promise<void>
}

/** Each is delivered at most once, to those who listen at that time. Those of one sender and one route keep their order. */
export interface Messages {
  /**
   * Resolves when the server has passed it on.
   * @param route a channel: it decides, on a cluster, through which node messages go
   * @throws as a store
   */
  publish(channel: string, message: Buffer, route: string): Promise<void>
  /** Resolves when the server has confirmed all channels. Subscribes again by itself. */
  subscribe(channels: readonly string[], listener: MessageListener): Promise<MessageSubscription>
}

export interface MessageListener {
  onMessage(channel: string, message: Buffer): void
  /** From here to the next `onUp` messages are missed. */
  onDown(): void
  onUp(): void
}

export interface MessageSubscription {
  close(): Promise<void>
}

/** What `getHead` reads: enough to tell one content of a key from any other. */
export const headBytes = 64
/** First byte of a value that `overwrite` writes into. */
export const valueByte = 0x56
