/**
 * Everything a cache reports, as one closed union. Names are noun, dot, what happened. An event never carries the value,
 * and nothing is built unless somebody listens.
 */
export type CacheEvent =
  | ReadHit
  | ReadMiss
  | ReadRejected
  | LoadStarted
  | LoadDone
  | LoadFailed
  | LoadJoined
  | WriteDone
  | WriteDropped
  | StoreFailed
  | EntryEvicted

export type Tier = 'l1' | 'l2'

interface KeyedEvent {
  /** The namespace of the cache that was called; `''` for the root. */
  readonly namespace: string
  /** The encoded path of the key. */
  readonly key: string
}

/** A usable value was found. */
export interface ReadHit extends KeyedEvent {
  readonly type: 'read.hit'
  readonly tier: Tier
}

/** No tier had a usable value. */
export interface ReadMiss extends KeyedEvent {
  readonly type: 'read.miss'
}

/** Stored bytes were there and not usable: garbage, another key's, a newer format, or past their time. Counts as a miss. */
export interface ReadRejected extends KeyedEvent {
  readonly type: 'read.rejected'
  readonly reason: RejectReason
}

/**
 * Why stored bytes were not usable.
 *
 * `not-an-entry`, `checksum`: garbage or damage. `wire-version`: a later format. `other-key`: they belong to another key. `codec`,
 * `compression`: none of those that this cache was given. `unsealed`: neither signed nor encrypted, which this cache asks for. `unknown-key`:
 * sealed in another way or with a key that is not here. `forged`: the seal does not hold. `too-large`: more than `maxValueBytes`.
 * `payload`: they cannot be decoded or decompressed. `schema`: the call's schema refuses the value; comes after the `read.hit` of the tier
 * that had it. `dead`: past their time. `busy`: another process is at work there.
 */
export type RejectReason =
  | 'not-an-entry'
  | 'wire-version'
  | 'checksum'
  | 'other-key'
  | 'codec'
  | 'compression'
  | 'unsealed'
  | 'unknown-key'
  | 'forged'
  | 'too-large'
  | 'payload'
  | 'schema'
  | 'dead'
  | 'busy'

/** The caller's function was called. */
export interface LoadStarted extends KeyedEvent {
  readonly type: 'load.started'
}

export interface LoadDone extends KeyedEvent {
  readonly type: 'load.done'
  readonly durationMs: number
}

export interface LoadFailed extends KeyedEvent {
  readonly type: 'load.failed'
  readonly durationMs: number
  readonly error: unknown
}

/** A caller shares a load that another one started. */
export interface LoadJoined extends KeyedEvent {
  readonly type: 'load.joined'
}

/** A value was stored in every tier of the cache. */
export interface WriteDone extends KeyedEvent {
  readonly type: 'write.done'
  readonly sizeBytes: number
}

/**
 * A loaded value was given to its callers and not stored in L2: the key was written or deleted during the load (`overtaken`), all callers
 * had left (`abandoned`), or something was stored there meanwhile (`occupied`).
 */
export interface WriteDropped extends KeyedEvent {
  readonly type: 'write.dropped'
  readonly reason: 'overtaken' | 'abandoned' | 'occupied'
}

/** L2 could not be asked or told. Reads go on without it. */
export interface StoreFailed {
  readonly type: 'store.failed'
  readonly namespace: string
  readonly operation: 'read' | 'write' | 'delete'
  readonly error: unknown
}

/** L1 made room. */
export interface EntryEvicted extends KeyedEvent {
  readonly type: 'entry.evicted'
  readonly tier: 'l1'
}

export type CacheEventListener = (event: CacheEvent) => void
