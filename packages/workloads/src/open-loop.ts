import { setTimeout as wait } from 'node:timers/promises'

export interface OpenLoopOptions {
  readonly ratePerSecond: number
  readonly durationMs: number
  /** Arrivals are refused, and counted, while this many are under way. Default: no bound. */
  readonly maxInFlight?: number
  readonly signal?: AbortSignal
  /**
   * One arrival. Measure from `intendedAtMs` (on `performance.now()`), the moment at which it was due: measuring from the moment at which it
   * really started would leave out the waiting that a slow system causes ("coordinated omission", G. Tene).
   */
  run(index: number, intendedAtMs: number): Promise<unknown>
}

export interface OpenLoopResult {
  readonly started: number
  readonly refused: number
  readonly failed: number
  readonly elapsedMs: number
}

/** Arrivals at a fixed rate, whether or not earlier ones were answered. Resolves when all that were started have ended. */
export async function openLoop(options: OpenLoopOptions): Promise<OpenLoopResult> {
  const { ratePerSecond, durationMs, maxInFlight = Number.POSITIVE_INFINITY, signal, run } = options
  const gapMs = 1000 / ratePerSecond
  const total = Math.floor(durationMs / gapMs)
  const startMs = performance.now()
  const underWay = new Set<Promise<void>>()
  const counts = { started: 0, refused: 0, failed: 0 }

  const arrive = (index: number) => {
    if (underWay.size >= maxInFlight) {
      counts.refused++
      return
    }
    counts.started++
    const arrival: Promise<void> = run(index, startMs + index * gapMs)
      .then(
        () => undefined,
        () => {
          counts.failed++
        },
      )
      .finally(() => underWay.delete(arrival))
    underWay.add(arrival)
  }
  for (let index = 0; index < total && signal?.aborted !== true; ) {
    const due = Math.min(total, Math.floor((performance.now() - startMs) / gapMs) + 1)
    while (index < due) arrive(index++)
    if (index < total) await wait(Math.max(0, startMs + index * gapMs - performance.now()))
  }
  await Promise.all(underWay)
  return { ...counts, elapsedMs: performance.now() - startMs }
}
