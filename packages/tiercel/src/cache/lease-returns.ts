import type { Pace } from '../coherence/pace.ts'
import { startTimer, type Timer } from '../kernel/clock.ts'
import type { Store } from '../stores/store.ts'

interface Return {
  readonly key: string
  readonly mark: Buffer
  /** It is over by itself then. */
  readonly endsAtMs: number
}

/** A process that has so many is in other trouble. */
const mostReturns = 1_000
const retryMs = 250

/**
 * Gives leases back, and goes on trying where the server does not answer.
 *
 * A lease whose answer was lost with a link, or that could not be replaced by what was loaded, keeps everybody else waiting until it ends. So it is given back as soon as
 * there is a link again, and from time to time until then. Giving back compares: what somebody else has put there is left alone.
 */
export class LeaseReturns {
  readonly #store: Store
  readonly #leaseMs: number
  readonly #pace: Pace
  readonly #waiting: Set<Return> = new Set()
  readonly #unlisten: (() => void) | undefined
  #retry: Timer | undefined
  #isClosed = false

  constructor(store: Store, leaseMs: number, pace: Pace) {
    this.#store = store
    this.#leaseMs = leaseMs
    this.#pace = pace
    this.#unlisten = store.onLink?.(() => void this.#giveAll())
  }

  /** Leases that were not given back yet. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * @returns when it has been tried once
   * @throws what the first try failed with
   */
  async giveBack(key: string, mark: Buffer): Promise<void> {
    const given = { key, mark, endsAtMs: this.#pace.nowMs() + this.#leaseMs }
    try {
      await this.#give(given)
    } catch (error) {
      if (this.#waiting.size < mostReturns && !this.#isClosed) this.#waiting.add(given)
      this.#plan()
      throw error
    }
  }

  close(): void {
    this.#isClosed = true
    this.#waiting.clear()
    this.#retry?.cancel()
    this.#unlisten?.()
  }

  #give({ key, mark }: Return): Promise<boolean> {
    return this.#store.swap({ key, expected: mark, isWhole: true, value: undefined, ttlMs: 1 })
  }

  async #giveAll(): Promise<void> {
    const nowMs = this.#pace.nowMs()
    const tries = Array.from(this.#waiting, async (given) => {
      if (given.endsAtMs > nowMs) await this.#give(given)
      this.#waiting.delete(given)
    })
    await Promise.allSettled(tries)
    this.#plan()
  }

  #plan(): void {
    this.#retry?.cancel()
    this.#retry = undefined
    if (this.#waiting.size === 0 || this.#isClosed) return
    const { clock, random } = this.#pace
    this.#retry = startTimer(clock, retryMs * (0.5 + random()), () => void this.#giveAll())
  }
}
