import type { StreamContext } from './stream-context.ts'

/** Sleep that may be cut short. */
export class Nap {
  readonly #context: StreamContext
  #wake: (() => void) | undefined

  constructor(context: StreamContext) {
    this.#context = context
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#context.after(Math.max(ms, 1), () => this.wake())
      this.#wake = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  wake(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}
