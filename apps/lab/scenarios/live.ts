import type { Outcome } from './outcome.ts'
import type { Histogram, LatencySummary, Timeline } from './run-result.ts'

/** What the page is told about a run while it goes on. */
export type RunEvent =
  | { readonly type: 'frame'; readonly frame: Frame }
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly message: string }

/** The state of all lanes at one moment; each frame replaces the one before. */
export interface Frame {
  readonly elapsedMs: number
  /** 0 to 1. */
  readonly progress: number
  /** What is being done just now. */
  readonly activity: string
  readonly lanes: readonly LaneFrame[]
  /** As far as they have grown. */
  readonly timelines: readonly Timeline[]
}

export interface LaneFrame {
  readonly id: string
  readonly requests: number
  readonly isWorking: boolean
  readonly outcomes: Readonly<Record<Outcome, number>>
  readonly latency: LatencySummary
  readonly histogram: Histogram
  /** Requests since the last frame, a few of them at most, chosen evenly. */
  readonly marks: readonly Mark[]
}

/** One real request. */
export interface Mark {
  readonly outcome: Outcome
  readonly ms: number
}
