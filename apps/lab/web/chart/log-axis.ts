import { formatDuration } from '../../format/number.ts'
import { bucketStartMs, type Histogram, histogramGrid } from '../../scenarios/run-result.ts'

/** A logarithmic axis of durations over whole decades. */
export interface LogAxis {
  readonly firstDecade: number
  readonly lastDecade: number
  /** Bucket of the histogram's grid at the left end, and past the right end. */
  readonly firstBucket: number
  readonly endBucket: number
  readonly ticks: readonly { readonly ms: number; readonly share: number; readonly label: string }[]
  /** Place of a duration, 0 left to 1 right. */
  at(ms: number): number
}

const { originMs, perDecade } = histogramGrid
const originDecade = Math.round(Math.log10(originMs))

/** Wide enough for all histograms; from 1 µs to 100 ms while there is nothing to show. */
export function logAxis(histograms: readonly Histogram[]): LogAxis {
  const buckets = histograms.flatMap((histogram) => Object.values(histogram).flatMap((pairs) => pairs.map(([bucket]) => bucket)))
  const decadeOf = (bucket: number) => originDecade + Math.floor(bucket / perDecade)
  const firstDecade = Math.min(-3, ...buckets.map(decadeOf))
  const lastDecade = Math.max(2, ...buckets.map((bucket) => decadeOf(bucket) + 1))
  const span = lastDecade - firstDecade
  return {
    firstDecade,
    lastDecade,
    firstBucket: (firstDecade - originDecade) * perDecade,
    endBucket: (lastDecade - originDecade) * perDecade,
    ticks: Array.from({ length: span + 1 }, (_, step) => {
      const ms = 10 ** (firstDecade + step)
      return { ms, share: step / span, label: tickLabel(ms) }
    }),
    at: (ms) => Math.min(1, Math.max(0, (Math.log10(ms) - firstDecade) / span)),
  }
}

/** Powers of ten need no second digit: `10 µs`, `1 s`. */
function tickLabel(ms: number): string {
  const [unit, factor] = ms < 0.0009 ? ['ns', 1e6] : ms < 0.9 ? ['µs', 1e3] : ms < 900 ? ['ms', 1] : ['s', 1e-3]
  return `${Math.round(ms * Number(factor))}\u202f${unit}`
}

/** `0.83 to 1.0 ms` in words, for tables. */
export function bucketLabel(bucket: number): string {
  return `${formatDuration(bucketStartMs(bucket))} to ${formatDuration(bucketStartMs(bucket + 1))}`
}
