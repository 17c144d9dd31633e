import type { Clock } from '../kernel/clock.ts'

/** Time and chance, by which work in the background goes. */
export interface Pace {
  readonly clock: Clock
  /** Monotonic, coarse. */
  readonly nowMs: () => number
  /** 0 to 1. */
  readonly random: () => number
}
