import { AsyncLocalStorage } from 'node:async_hooks'

/** What a bulkhead is full of. */
export interface BulkheadLimits {
  /** How many run at a time. */
  readonly maxRunning: number
  /** How many more wait for their turn. */
  readonly maxWaiting: number
}

/** What goes on after its call has ended takes part in it no longer. */
interface Place {
  isTaken: boolean
}

/**
 * Bounds how many calls run at a time; some more wait, in the order in which they came, and what is beyond that is refused at once.
 *
 * A call that is made within another one takes part in that one's place: if it had to wait for a place of its own, those that hold them could all be waiting for it.
 */
export class Bulkhead {
  readonly #limits: BulkheadLimits
  readonly #inside = new AsyncLocalStorage<Place>()
  readonly #waiting: Set<() => void> = new Set()
  #running = 0

  constructor(limits: BulkheadLimits) {
    this.#limits = limits
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** Whether who asks is within a call that runs here. */
  get isInside(): boolean {
    return this.#running > 0 && this.#inside.getStore()?.isTaken === true
  }

  /**
   * @param isInside as of the property of that name, when the call was asked for: between then and now others may have been answered
   * @param refuse makes the error for a call that is refused
   * @param signal who waits leaves when it fires, with its reason
   */
  run<T>(isInside: boolean, call: () => T | Promise<T>, refuse: () => Error, signal?: () => AbortSignal): Promise<T> {
    if (isInside) return this.#call(call)
    if (this.#running < this.#limits.maxRunning) return this.#runNow(call)
    if (this.#waiting.size >= this.#limits.maxWaiting) return Promise.reject(refuse())
    return this.#runLater(call, signal?.())
  }

  /** What it asks for in turn is within it as well. */
  async #call<T>(call: () => T | Promise<T>): Promise<T> {
    const place: Place = { isTaken: true }
    try {
      return await this.#inside.run(place, call)
    } finally {
      place.isTaken = false
    }
  }

  async #runNow<T>(call: () => T | Promise<T>): Promise<T> {
    this.#running += 1
    try {
      return await this.#call(call)
    } finally {
      this.#running -= 1
      this.#next()
    }
  }

  async #runLater<T>(call: () => T | Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    await new Promise<void>((resolve, reject) => {
      const start = (): void => {
        signal?.removeEventListener('abort', leave)
        this.#waiting.delete(start)
        resolve()
      }
      const leave = (): void => {
        this.#waiting.delete(start)
        reject(signal?.reason)
      }
      this.#waiting.add(start)
      signal?.addEventListener('abort', leave, { once: true })
    })
    // The place was taken for it.
    this.#running -= 1
    return this.#runNow(call)
  }

  /** Whoever comes meanwhile must not take the place of who waited. */
  #next(): void {
    if (this.#running >= this.#limits.maxRunning) return
    for (const start of this.#waiting) {
      this.#running += 1
      start()
      return
    }
  }
}
