/**
 * What processes did to a source and to the cache in front of it, call by call. `checkHistory` reads it.
 *
 * All times are milliseconds of one clock that all the processes share, `machineClockMs()`. An operation's start is taken before its call is
 * made and its end after the answer is there, so that whatever it did, it did between the two.
 */
export type Operation = SourceChange | CacheRead | Invalidation

interface Timed {
  /** Who made the call; every process has a name of its own. */
  readonly process: string
  readonly startMs: number
  readonly endMs: number
}

/**
 * The source of a key got a new version. Versions of a key are whole numbers that grow in the order of the commits; they may have gaps. What the
 * source held before the first change is version 0.
 */
export interface SourceChange extends Timed {
  readonly kind: 'change'
  readonly key: string
  readonly version: number
  /** `unknown`: the answer was lost. It may have been committed, at any time after its start, or never. */
  readonly outcome: 'committed' | 'aborted' | 'unknown'
}

/** A value was asked for, with a loader or without. A call that failed is no read: leave it out. */
export interface CacheRead extends Timed {
  readonly kind: 'read'
  readonly key: string
  /** Of the value that was returned. Left out when there was none: a miss is never wrong. */
  readonly version?: number
  /** What was returned instead, in words, when it was no value of this key. */
  readonly foreign?: string
  /** It had to be exact: L1 was off, or not to be asked. No staleness is allowed. */
  readonly exact?: boolean
}

/**
 * Somebody told the cache that the source has changed: delete, mutate, invalidateTag, clear, or a set of the newest value. Its start is after
 * the commit of all that it stands for; that of a `mutate` is the end of its change. An `expire` is none: what is stale may still be served.
 */
export interface Invalidation extends Timed {
  readonly kind: 'invalidation'
  /** The name of the call, for whoever reads a finding. */
  readonly call: string
  /** What it covers: these keys, every key that carries one of these tags, or all keys. */
  readonly keys?: readonly string[]
  readonly tags?: readonly string[]
  readonly all?: boolean
  readonly outcome: 'applied' | 'queued' | 'failed'
}
