import type { Timer } from '../kernel/clock.ts'
import type { Store } from '../stores/store.ts'
import type { Core } from './core.ts'

/**
 * A lease, or a refresh lock, that this process holds while it loads. Renewed at half its length by comparing: a bare extension would stretch
 * the life of whatever somebody else has put there.
 */
export class Hold {
  readonly #core: Core
  readonly key: string
  /** What stands in the key as long as it is held. */
  readonly mark: Buffer
  #renewal: Timer | undefined

  constructor(core: Core, key: string, mark: Buffer) {
    this.#core = core
    this.key = key
    this.mark = mark
    this.#plan()
  }

  /** No more renewals; what comes into the key now is the caller's business. */
  stop(): void {
    this.#renewal?.cancel()
    this.#renewal = undefined
  }

  #plan(): void {
    this.#renewal = this.#core.startDeadline(this.#core.leaseMs / 2, () => void this.#renew())
  }

  /** One that fails may have been executed, or the next will be: only a refusal is an end. */
  async #renew(): Promise<void> {
    const swap = { key: this.key, expected: this.mark, isWhole: true, value: this.mark, ttlMs: this.#core.leaseMs }
    const isHeld = await (this.#core.l2 as Store).swap(swap).catch(() => true)
    if (isHeld && this.#renewal !== undefined) this.#plan()
  }
}
