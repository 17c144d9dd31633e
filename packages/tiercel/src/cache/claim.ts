/** What a loaded value may replace. */
export interface Claim {
  readonly key: string
  /** What must still be there; empty: nothing. */
  readonly expected: Buffer
  /** Whether that is all of it: a lease. */
  readonly isWhole: boolean
  /** Of the new entry. Default: random. */
  readonly version: Buffer | undefined
}
