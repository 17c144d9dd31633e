/** What happens in a log, for metrics and people. Bodies are never part of it. */
export type StreamEvent =
  /** A worker owns a partition from now on. */
  | { readonly type: 'partition.claimed'; readonly partition: number }
  /** It was given up, with nothing under way. */
  | { readonly type: 'partition.released'; readonly partition: number }
  /** Its lease is over, or somebody else has it: what was under way may come again elsewhere. */
  | { readonly type: 'partition.lost'; readonly partition: number }
  /** Records reached their receiver. `superseded`: those for which a newer one of their key stood. */
  | {
      readonly type: 'records.carried'
      readonly partition: number
      readonly records: number
      readonly superseded: number
      readonly failed: number
      readonly tookMs: number
    }
  /** A record failed, and comes again after `againInMs`; `isCounted`: others got through, so the fault is its own. */
  | {
      readonly type: 'record.failed'
      readonly partition: number
      readonly key: string
      readonly sequence: number
      readonly tries: number
      readonly isCounted: boolean
      readonly againInMs: number
      readonly error: unknown
    }
  /** A record is a dead letter now. */
  | {
      readonly type: 'record.dead'
      readonly partition: number
      readonly key: string
      readonly sequence: number
      readonly tries: number
      readonly error: unknown
    }
  /** The log was full: `kind` says what the caller was told. */
  | { readonly type: 'append.full'; readonly partition: number; readonly key: string; readonly kind: 'waits' | 'refused' }
  /** A step on the server failed, and is done again where that is right. */
  | { readonly type: 'step.failed'; readonly operation: string; readonly error: unknown }
