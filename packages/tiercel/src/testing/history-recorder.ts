import type { Invalidation, Operation, SourceChange } from './history.ts'
import { machineClockMs } from './machine-clock.ts'
import { stampOf } from './stamped-value.ts'

export type InvalidationTarget = Pick<Invalidation, 'keys' | 'tags' | 'all'>

/** What became of an invalidation, as the cache's calls tell it. */
export type ToldOutcome = 'applied' | 'queued' | { readonly outcome: 'applied' | 'queued' }

/** Makes the calls of one process and keeps what came of them. */
export interface HistoryRecorder {
  /**
   * A read of a stamped value. What the call throws is passed on and is no read.
   *
   * @param options.exact no staleness is allowed: L1 was off, or not to be asked
   */
  read<T>(key: string, call: () => Promise<T>, options?: { readonly exact?: boolean }): Promise<T>
  /**
   * A call that tells the cache of changes. What it throws is passed on and counts as `failed`.
   *
   * @param call is handed `committed`, to be called when the source has been changed, if the call itself has that done, as `mutate` does. The
   * invalidation begins then, and else with the call.
   */
  invalidation<T extends ToldOutcome>(name: string, target: InvalidationTarget, call: (committed: () => void) => Promise<T>): Promise<T>
  /**
   * A change of the source. To be called by whoever numbers the versions, in the process that holds the source if it can be, so that no answer is
   * lost on its way. When `commit` throws, whether it was committed is unknown.
   */
  change<T>(key: string, version: number, commit: () => Promise<T>): Promise<T>
  /** What was recorded since the last call: plain objects, to be sent to whoever checks. */
  take(): Operation[]
}

/**
 * A recorder for one process, on the machine's monotonic clock.
 *
 * @param process a name that no other process of the history has
 * @example
 * const recorder = historyRecorder('worker 1')
 * const product = await recorder.read('product:7', () => cache.getOrSet('product:7', () => source.read('product:7')))
 * process.send(recorder.take())
 */
export function historyRecorder(process: string): HistoryRecorder {
  let operations: Operation[] = []
  return {
    async read(key, call, { exact } = {}) {
      const startMs = machineClockMs()
      const value = await call()
      const times = { process, startMs, endMs: machineClockMs() }
      operations.push({ kind: 'read', key, ...times, ...stampOf(key, value), ...(exact ? { exact } : {}) })
      return value
    },
    async invalidation(name, target, call) {
      let startMs = machineClockMs()
      const keep = (outcome: Invalidation['outcome']): unknown =>
        operations.push({ kind: 'invalidation', call: name, ...target, process, startMs, endMs: machineClockMs(), outcome })
      try {
        const told = await call(() => {
          startMs = machineClockMs()
        })
        keep(typeof told === 'string' ? told : told.outcome)
        return told
      } catch (error) {
        keep('failed')
        throw error
      }
    },
    async change(key, version, commit) {
      const startMs = machineClockMs()
      const keep = (outcome: SourceChange['outcome']): unknown =>
        operations.push({ kind: 'change', key, version, process, startMs, endMs: machineClockMs(), outcome })
      try {
        const result = await commit()
        keep('committed')
        return result
      } catch (error) {
        keep('unknown')
        throw error
      }
    },
    take() {
      const taken = operations
      operations = []
      return taken
    },
  }
}
