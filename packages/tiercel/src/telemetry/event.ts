import type { Advice } from './advice.ts'

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
  | WaitStarted
  | WaitDone
  | WriteDone
  | WriteDropped
  | StoreFailed
  | EntryEvicted
  | LinkUp
  | LinkDown
  | LinkRefused
  | BreakerOpened
  | BreakerHalfOpened
  | BreakerClosed
  | AdviceGiven

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
  /** Past its ttl, within its grace. */
  readonly isStale: boolean
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
 * that had it. `dead`: past their time. `invalidated`: one of their tags was, or is not there any more.
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
  | 'invalidated'

/** The caller's function was called. */
export interface LoadStarted extends KeyedEvent {
  readonly type: 'load.started'
  readonly reason: LoadReason
}

/** `miss`: there was nothing; `refresh`: there is an older value; `forced`: the caller asked for it. */
export type LoadReason = 'miss' | 'refresh' | 'forced'

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

/** Another process loads this key; its result is waited for. */
export interface WaitStarted extends KeyedEvent {
  readonly type: 'wait.started'
}

export interface WaitDone extends KeyedEvent {
  readonly type: 'wait.done'
  readonly durationMs: number
}

/** A value was stored in every tier of the cache. */
export interface WriteDone extends KeyedEvent {
  readonly type: 'write.done'
  readonly sizeBytes: number
}

/**
 * A loaded value was given to its callers and not stored: the key was written or deleted during the load by this process (`overtaken`) or by
 * another (`revoked`), all callers had left (`abandoned`), or the loader said so (`skipped`).
 */
export interface WriteDropped extends KeyedEvent {
  readonly type: 'write.dropped'
  readonly reason: 'overtaken' | 'revoked' | 'abandoned' | 'skipped'
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

/** Changes by other processes are heard from now on; what L1 held was questioned. */
export interface LinkUp {
  readonly type: 'link.up'
}

/** Changes by other processes are not heard: L1 is served for what is left of `maxStaleness`. */
export interface LinkDown {
  readonly type: 'link.down'
}

/**
 * Changes by other processes are not heard in the way that `coherence.mode` asks for, and will not be: the error says why, and what to use. L1 is
 * served as with the mode `'off'`.
 */
export interface LinkRefused {
  readonly type: 'link.refused'
  readonly error: unknown
}

interface BreakerEvent {
  /** `host:port` on a cluster; empty where there is only one. */
  readonly node: string
}

/** A server fails, or is slow: it is not asked until it has answered a probe. */
export interface BreakerOpened extends BreakerEvent {
  readonly type: 'breaker.opened'
  readonly reason: 'failures' | 'slow'
}

/** It has answered: a few calls are let through. */
export interface BreakerHalfOpened extends BreakerEvent {
  readonly type: 'breaker.half-opened'
}

/** They succeeded: it is asked again. */
export interface BreakerClosed extends BreakerEvent {
  readonly type: 'breaker.closed'
}

/** A server is set up in a way that will do harm sooner or later. Told once, after the first link; `cache.health()` goes on saying it. */
export interface AdviceGiven extends Advice {
  readonly type: 'advice.given'
}

export type CacheEventListener = (event: CacheEvent) => void
