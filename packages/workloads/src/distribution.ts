/**
 * Which of a fixed number of keys is asked for next.
 *
 * An implementer promises: `next` returns whole numbers from 0 to `items - 1`; rank 0 is the most popular (or as popular as
 * any); `probability` is exact, so that a test can compare what came with what should have come; the same random stream gives
 * the same sequence.
 */
export interface KeyDistribution {
  readonly items: number
  /** Rank of the key that is asked for next. */
  next(): number
  /** How likely `next` is to return `rank`. */
  probability(rank: number): number
}

/** @throws {RangeError} `items` is not a whole number from 1 to 2^31 */
export function checkItems(items: number): void {
  if (!Number.isInteger(items) || items < 1 || items > 2 ** 31) {
    throw new RangeError(`items: got ${items}, allowed are whole numbers from 1 to ${2 ** 31}`)
  }
}
