export interface ClosedLoopOptions {
  /** How many operations to run. */
  readonly operations: number
  /** How many are under way at a time: each waits for its answer before the next begins. */
  readonly concurrency: number
  /** Number of the first operation. Default 0. */
  readonly firstIndex?: number
  /** No operation starts later than this after the beginning, but `concurrency` of them always do. Default: no bound. */
  readonly budgetMs?: number
  /** No operation starts after it fires; those under way are waited for. */
  readonly signal?: AbortSignal
  /** One operation. The first rejection ends the loop and is thrown. */
  run(index: number): Promise<unknown>
}

export interface ClosedLoopResult {
  readonly completed: number
  readonly elapsedMs: number
  readonly endedBy: 'operations' | 'budget' | 'signal'
}

/**
 * A fixed number of callers, each asking again as soon as it was answered. A slow source therefore slows the callers down: good for
 * comparing latencies at equal pressure, wrong for asking what a fixed rate of arrivals would feel (see `openLoop`).
 */
export async function closedLoop(options: ClosedLoopOptions): Promise<ClosedLoopResult> {
  const { operations, concurrency, firstIndex = 0, budgetMs = Number.POSITIVE_INFINITY, signal, run } = options
  const startMs = performance.now()
  let started = 0
  let completed = 0
  let endedBy: ClosedLoopResult['endedBy'] = 'operations'
  let broken = false

  const mayStart = () => {
    if (broken || started >= operations) return false
    if (signal?.aborted === true) endedBy = 'signal'
    else if (started >= concurrency && performance.now() - startMs > budgetMs) endedBy = 'budget'
    else return true
    return false
  }
  const caller = async () => {
    while (mayStart()) {
      try {
        await run(firstIndex + started++)
      } catch (error) {
        broken = true
        throw error
      }
      completed++
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: Math.min(concurrency, operations) }, caller))
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return { completed, elapsedMs: performance.now() - startMs, endedBy: completed >= operations ? 'operations' : endedBy }
}
