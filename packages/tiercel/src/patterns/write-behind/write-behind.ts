import type { LoggedParams, WriteChange, WriteLog } from '../../cache/write-log.ts'
import type { Duration } from '../../kernel/duration.ts'
import type { StreamEvent } from '../../streams/stream-event.ts'
import type { StreamStats } from '../../streams/stream-log.ts'
import type { Advice } from '../../telemetry/advice.ts'

/** What happens in a log; the key of a record is the name of its source, a space, and the key of the entry. Values are never part of it. */
export type WriteBehindEvent =
  | StreamEvent
  | ({ readonly type: 'advice.given' } & Advice)
  /** The log was full, and the source has the write. */
  | { readonly type: 'write.through'; readonly name: string; readonly key: string; readonly sequence: number }

export interface WriteBehindStats extends StreamStats {
  /** Between this call and one before, at least 100 ms apart; 0 before there was one. */
  readonly settledPerSecond: number
  /** Those whose records this process carries. */
  readonly partitions: readonly number[]
}

export interface DrainOptions {
  /** Default: `'30s'`. */
  readonly timeout?: Duration
}

export interface Drained {
  readonly isEmpty: boolean
  /** What is left; `undefined`: the server did not say. */
  readonly depth: number | undefined
}

export interface CloseOptions {
  /** How long the worker of this process may go on until the log is empty, in ms; 0: what is under way is finished, at most for a second. Default: 5,000. */
  readonly drainMs?: number
}

/** A write that its source refused for good. */
export interface DeadWrite {
  readonly id: string
  /** Of its source. */
  readonly name: string
  /** Of its entry, on the cache's server. */
  readonly key: string
  readonly params: LoggedParams
  readonly change: WriteChange
  readonly sequence: number
  readonly tries: number
  /** What the source said last, at most 500 characters. */
  readonly problem: string
  /** Unix time in ms, server's clock. */
  readonly diedAtMs: number
}

export interface DeadWrites {
  /**
   * A page of them, those of one key in order.
   *
   * @param options `limit`: 1 to 1,000, default 100; `after`: the id of the last one of the page before
   * @remarks One round trip for each partition that is looked at.
   */
  list(options?: { readonly limit?: number; readonly after?: string }): Promise<readonly DeadWrite[]>
  /**
   * Appends it again **as the newest write of its key**: what was written to it since is overwritten.
   * @returns whether it was there
   * @remarks Two round trips.
   */
  replay(id: string): Promise<boolean>
  /** All that are there, in order. @returns how many */
  replayAll(): Promise<number>
  /** Forgets it. @returns whether it was there */
  drop(id: string): Promise<boolean>
}

export interface WriteBehindWorker {
  /** One round trip, with a call for each partition. */
  stats(): Promise<WriteBehindStats>
  readonly deadLetters: DeadWrites
  /** @returns what takes the listener off */
  on(listener: (event: WriteBehindEvent) => void): () => void
  /** Waits until all that was appended, by anybody, is in the source or given up. Carries small batches at once meanwhile. Asks the server about ten times a second. */
  drain(options?: DrainOptions): Promise<Drained>
  /** Ends: what it still had to do is done by other workers, or later. Leaves clients open that were handed in. May be called twice. */
  close(options?: CloseOptions): Promise<Drained>
}

/** A write log, and what there is to see and to do about it. */
export interface WriteBehind extends WriteLog, WriteBehindWorker {}
