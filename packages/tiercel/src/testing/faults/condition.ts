/** What a direction of a connection is like. All of it together: what is split may also be late. Left out: as on a good network. */
export interface Condition {
  /**
   * - `pass`, the default.
   * - `hold`: nothing arrives, and all of it does once it passes again. A network that was away for less long than its ends are patient.
   * - `drop`: nothing arrives, ever, and neither end is told. When it passes again, a connection that lost something is reset: a stream with a
   *   hole in it is no stream.
   */
  readonly flow?: 'pass' | 'hold' | 'drop'
  /** How much later bytes arrive, in ms. Their order stays. */
  readonly delayMs?: number
  /** Up to so much is added to the delay, at random. */
  readonly jitterMs?: number
  readonly bytesPerSecond?: number
  /** Cuts what comes in one piece; each part is sent on its own. */
  readonly split?: Split
}

/** Into parts of so many bytes, or in two after so many. */
export type Split = { readonly every: number } | { readonly after: number }

export const goodCondition: Condition = {}

/** The parts of a chunk, in order; itself when there is nothing to cut. */
export function cut(chunk: Buffer, split: Split | undefined): Buffer[] {
  if (split === undefined) return [chunk]
  if ('after' in split) {
    const { after } = split
    return after > 0 && after < chunk.length ? [chunk.subarray(0, after), chunk.subarray(after)] : [chunk]
  }
  const { every } = split
  return Array.from({ length: Math.ceil(chunk.length / every) }, (_, at) => chunk.subarray(at * every, (at + 1) * every))
}
