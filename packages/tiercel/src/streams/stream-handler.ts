import type { StreamRecord } from './record.ts'

/** Where records are carried to. */
export interface StreamHandler {
  /**
   * Carries records, at most one of each key, none after a newer one of its key. May be given one again that it has carried already: after a crash, and when its lease was lost.
   * After `signal` has fired nothing may be begun, and it must come to an end. What it rejects with is a failure of all.
   *
   * @returns one per record, in their order: `undefined` when it is done, or what was wrong
   */
  carry(records: readonly StreamRecord[], signal: AbortSignal): Promise<readonly (CarryFailure | undefined)[]>
  /** Which records share a receiver: when one of them gets through, it works for all. */
  groupOf(record: StreamRecord): string
  /** Called after a record was given up, and is in the index no more; again, here or elsewhere, until it has resolved. */
  buried(record: StreamRecord): Promise<void>
}

export interface CarryFailure {
  readonly error: unknown
  /** Whether it may be the record's own fault. */
  readonly mayCount: boolean
}

export interface CarrySettings {
  /** How many records are carried together at most. */
  readonly batchSize: number
  /** How old the oldest may become before a smaller batch goes. */
  readonly flushEveryMs: number
  readonly isCoalescing: boolean
  readonly maxTries: number
  readonly giveUpAfterMs: number
  readonly backoff: { readonly firstMs: number; readonly mostMs: number }
}
