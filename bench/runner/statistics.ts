/** The middle of several rounds and how far they lay apart. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function summarize(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new RangeError('nothing to summarize')
  return { median: median(samples), min: Math.min(...samples), max: Math.max(...samples) }
}

export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
