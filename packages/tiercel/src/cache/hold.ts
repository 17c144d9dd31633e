import { type Deadline, deadlines } from '../resilience/deadline.ts'
import type { Store } from '../stores/store.ts'

/**
 * A lease, or a refresh lock, that this process holds while it loads. Renewed at half its length by comparing: a bare extension would stretch
 * the life of whatever somebody else has put there.
 */
export class Hold {
  readonly #store: Store
  readonly key: string
  /** What stands in the key as long as it is held. */
  readonly mark: Buffer
  readonly #lengthMs: number
  #renewal: Deadline | undefined

  constructor(store: Store, key: string, mark: Buffer, lengthMs: number) {
    this.#store = store
    this.key = key
    this.mark = mark
    this.#lengthMs = lengthMs
    this.#plan()
  }

  /** No more renewals; what comes into the key now is the caller's business. */
  stop(): void {
    this.#renewal?.cancel()
    this.#renewal = undefined
  }

  #plan(): void {
    this.#renewal = deadlines.start(this.#lengthMs / 2, () => void this.#renew())
  }

  /** One that fails may have been executed, or the next will be: only a refusal is an end. */
  async #renew(): Promise<void> {
    const swap = { key: this.key, expected: this.mark, isWhole: true, value: this.mark, ttlMs: this.#lengthMs }
    const isHeld = await this.#store.swap(swap).catch(() => true)
    if (isHeld && this.#renewal !== undefined) this.#plan()
  }
}
