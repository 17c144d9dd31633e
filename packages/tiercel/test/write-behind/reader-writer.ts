export interface ReaderWriterSetup {
  readonly url: string
  readonly sourceUrl: string
  readonly name: string
  /** Which of the processes it is: the rows are its own whose number has this remainder. */
  readonly at: number
  readonly processes: number
  readonly keys: number
  readonly operations: number
  readonly maxStaleness: number
}

/** Times are Unix time in ms, of one machine. */
export interface ReaderWriterReport {
  readonly acknowledged: (readonly [id: number, version: number, atMs: number])[]
  readonly read: (readonly [id: number, version: number, startedAtMs: number])[]
}
