import type { Clock, Timer } from '../../src/kernel/clock.ts'
import type { Scheduler } from './scheduler.ts'

/** What the server's clock shows at 0 of virtual time. */
export const serverOriginMs = 1_700_000_000_000

/** The clocks of one process: they agree with no other's, and stop with it. */
export class ProcessClock implements Clock {
  readonly originMs: number
  readonly #scheduler: Scheduler
  readonly #aheadMs: number
  readonly #set: Set<Timer> = new Set()
  isStopped = false

  /**
   * @param aheadMs of its monotonic clock
   * @param wrongMs by how much its wall clock is wrong
   */
  constructor(scheduler: Scheduler, aheadMs: number, wrongMs: number) {
    this.#scheduler = scheduler
    this.#aheadMs = aheadMs
    this.originMs = serverOriginMs - aheadMs + wrongMs
  }

  monotonicMs(): number {
    return this.#scheduler.nowMs + this.#aheadMs
  }

  after(ms: number, onExpire: () => void): Timer {
    const timer = this.#scheduler.after(ms, () => {
      this.#set.delete(own)
      if (!this.isStopped) onExpire()
    })
    const own: Timer = {
      cancel: () => {
        this.#set.delete(own)
        timer.cancel()
      },
    }
    this.#set.add(own)
    return own
  }

  /** How many timers are set. */
  get waiting(): number {
    return this.#set.size
  }
}
