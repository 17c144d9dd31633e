import { build } from 'hdr-histogram-js'
import type { LaneFrame, Mark } from '../scenarios/live.ts'
import { type Outcome, outcomes } from '../scenarios/outcome.ts'
import { bucketOf, type Histogram, type LatencySummary, type Percentile, quantiles } from '../scenarios/run-result.ts'
import type { LaneRecorder } from '../scenarios/scenario.ts'

/** Fewer samples than this beyond a quantile say nothing about it. */
const neededBeyond = 5
const marksPerFrame = 4
const buckets = 136

/** Counts one lane's requests: exact percentiles to three digits, a histogram by outcome, a few requests to show. */
export class Recorder implements LaneRecorder {
  readonly id: string
  readonly label: string
  isWorking = false
  #histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 1e12, numberOfSignificantValueDigits: 3, useWebAssembly: false })
  #requests = 0
  #sumMs = 0
  #minMs = Number.POSITIVE_INFINITY
  #maxMs = 0
  #byOutcome = new Map<Outcome, { count: number; sumMs: number; buckets: Uint32Array }>()
  #marks: Mark[] = []
  #sinceFrame = 0

  constructor(id: string, label: string) {
    this.id = id
    this.label = label
  }

  get requests(): number {
    return this.#requests
  }

  record(outcome: Outcome, ms: number): void {
    this.#histogram.recordValue(Math.min(1e12, Math.max(1, Math.round(ms * 1e6))))
    this.#requests++
    this.#sumMs += ms
    if (ms < this.#minMs) this.#minMs = ms
    if (ms > this.#maxMs) this.#maxMs = ms
    const tally = this.#tally(outcome)
    tally.count++
    tally.sumMs += ms
    tally.buckets[Math.min(buckets - 1, bucketOf(ms))]! += 1
    this.#keepMark(outcome, ms)
  }

  count(outcome: Outcome): number {
    return this.#byOutcome.get(outcome)?.count ?? 0
  }

  meanMs(outcome?: Outcome): number | null {
    const [count, sumMs] =
      outcome === undefined ? [this.#requests, this.#sumMs] : [this.count(outcome), this.#byOutcome.get(outcome)?.sumMs ?? 0]
    return count === 0 ? null : sumMs / count
  }

  percentileMs(quantile: number): number | null {
    return this.#requests * (1 - quantile) < neededBeyond ? null : this.#atShare(quantile)
  }

  outcomes(): Record<Outcome, number> {
    return Object.fromEntries(outcomes.map((outcome) => [outcome, this.count(outcome)])) as Record<Outcome, number>
  }

  latency(): LatencySummary {
    const isEmpty = this.#requests === 0
    return {
      count: this.#requests,
      meanMs: this.meanMs(),
      minMs: isEmpty ? null : this.#minMs,
      maxMs: isEmpty ? null : this.#maxMs,
      percentiles: quantiles.map((quantile) => this.#percentile(quantile)),
    }
  }

  histogram(): Histogram {
    const filled = [...this.#byOutcome].map(([outcome, tally]) => {
      const pairs = [...tally.buckets].flatMap((count, bucket) => (count === 0 ? [] : [[bucket, count] as const]))
      return [outcome, pairs] as const
    })
    return Object.fromEntries(filled)
  }

  /** The state now; the marks are those since the last call. */
  frame(): LaneFrame {
    const marks = this.#marks
    this.#marks = []
    this.#sinceFrame = 0
    const { id, requests, isWorking } = this
    return { id, requests, isWorking, outcomes: this.outcomes(), latency: this.latency(), histogram: this.histogram(), marks }
  }

  #tally(outcome: Outcome): { count: number; sumMs: number; buckets: Uint32Array } {
    let tally = this.#byOutcome.get(outcome)
    if (tally === undefined) {
      tally = { count: 0, sumMs: 0, buckets: new Uint32Array(buckets) }
      this.#byOutcome.set(outcome, tally)
    }
    return tally
  }

  /** Reservoir sampling (algorithm R): whatever comes in a frame has the same chance to be seen. The choice needs no seed. */
  #keepMark(outcome: Outcome, ms: number): void {
    this.#sinceFrame++
    if (this.#marks.length < marksPerFrame) this.#marks.push({ outcome, ms })
    else {
      const place = Math.floor(Math.random() * this.#sinceFrame)
      if (place < marksPerFrame) this.#marks[place] = { outcome, ms }
    }
  }

  /** The interval lies between two order statistics, by the normal approximation of the binomial: n·q ± 1.96·√(n·q·(1 − q)). */
  #percentile(quantile: number): Percentile {
    const spread = 1.96 * Math.sqrt((quantile * (1 - quantile)) / Math.max(1, this.#requests))
    const ms = this.percentileMs(quantile)
    const isBounded = ms !== null && quantile + spread < 1
    return {
      quantile,
      ms,
      lowMs: isBounded ? this.#atShare(quantile - spread) : null,
      highMs: isBounded ? this.#atShare(quantile + spread) : null,
    }
  }

  #atShare(share: number): number {
    return this.#histogram.getValueAtPercentile(share * 100) / 1e6
  }
}
