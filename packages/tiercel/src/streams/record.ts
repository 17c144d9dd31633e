/** What a log holds. */
export interface NewRecord {
  /** What is ordered: records of one key come in the order in which they were appended. */
  readonly key: string
  readonly body: Buffer
}

export interface StreamRecord extends NewRecord {
  /** Whole, positive, below 2^53. Larger than that of every record of its partition that was appended before. */
  readonly sequence: number
}

/** A record that was given up. */
export interface DeadLetter extends StreamRecord {
  /** `<partition>:<id>`: to replay or drop it. */
  readonly id: string
  readonly tries: number
  /** The message of the last error, at most 500 characters. */
  readonly problem: string
  /** When it was given up: Unix time in ms, server's clock. */
  readonly diedAtMs: number
}
