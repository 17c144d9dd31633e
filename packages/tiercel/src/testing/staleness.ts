/**
 * For how long versions were read after an applied invalidation had overtaken them, in ms. One sample for each version of a key that was read
 * and overtaken: from the end of the invalidation to the start of the last read, 0 when none began later.
 */
export interface Staleness {
  /** Versions that were read and overtaken. */
  readonly overtaken: number
  /** Of these, how many were read by a call that began later. */
  readonly readLater: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

export function stalenessOf(samples: readonly number[]): Staleness {
  const sorted = Float64Array.from(samples).sort()
  const quantile = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
  return {
    overtaken: sorted.length,
    readLater: sorted.reduce((count, ms) => (ms > 0 ? count + 1 : count), 0),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    p999Ms: quantile(0.999),
    maxMs: quantile(1),
  }
}
