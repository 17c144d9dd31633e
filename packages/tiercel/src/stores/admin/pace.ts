/** Keeps work at a rate: waits until what was done before is paid for. */
export class Pace {
  readonly #msPerItem: number
  readonly #signal: AbortSignal | undefined
  readonly #nowMs: () => number
  #paidAtMs = 0

  /** @param perSecond `Infinity` for no limit */
  constructor(perSecond: number, signal?: AbortSignal, nowMs: () => number = () => performance.now()) {
    this.#msPerItem = 1000 / perSecond
    this.#signal = signal
    this.#nowMs = nowMs
  }

  /**
   * Waits before `items` more are worked on. Time that was not used is not saved up: no burst follows a pause.
   * @throws the signal's reason
   */
  async next(items: number): Promise<void> {
    this.#signal?.throwIfAborted()
    const nowMs = this.#nowMs()
    const waitMs = this.#paidAtMs - nowMs
    this.#paidAtMs = Math.max(this.#paidAtMs, nowMs) + items * this.#msPerItem
    if (waitMs <= 0) return
    await this.#sleep(waitMs)
    this.#signal?.throwIfAborted()
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#signal?.removeEventListener('abort', wake)
        resolve()
      }
      const timer = setTimeout(wake, ms).unref()
      this.#signal?.addEventListener('abort', wake)
    })
  }
}
