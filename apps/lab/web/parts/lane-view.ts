import type { Outcome } from '../../scenarios/outcome.ts'
import type { Histogram, LatencySummary } from '../../scenarios/run-result.ts'

/** A lane as it is drawn, live or at the end. */
export interface LaneView {
  readonly id: string
  readonly label: string
  readonly about: string
  readonly requests: number
  readonly isWorking: boolean
  readonly outcomes: Readonly<Record<Outcome, number>>
  readonly latency: LatencySummary
  readonly histogram: Histogram
}

export function percentileOf({ latency }: Pick<LaneView, 'latency'>, quantile: number): number | null {
  return latency.percentiles.find((percentile) => percentile.quantile === quantile)?.ms ?? null
}
