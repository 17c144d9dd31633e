/** Mulberry32: the same seed, the same numbers, 0 to 1. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface Step {
  readonly label: string
  readonly run: () => void
}

/**
 * Decides what happens next. Whatever could come in another order on another day (a command's execution, its answer, a push, the end of a
 * load) is a step that waits here; the seed picks one at a time, and the program runs until it waits for steps again.
 */
export class Scheduler {
  readonly random: () => number
  readonly trace: string[] = []
  /** What the last step began and must have done before the next: a command on a real server. */
  executing: Promise<unknown> | undefined
  readonly #steps: Step[] = []

  constructor(seed: number) {
    this.random = seededRandom(seed)
  }

  get isIdle(): boolean {
    return this.#steps.length === 0
  }

  /** Resolves when it is this step's turn. */
  turn(label: string): Promise<void> {
    return new Promise((resolve) => this.#steps.push({ label, run: resolve }))
  }

  later(label: string, run: () => void): void {
    this.#steps.push({ label, run })
  }

  pick(below: number): number {
    return Math.floor(this.random() * below)
  }

  async step(): Promise<void> {
    const [step] = this.#steps.splice(this.pick(this.#steps.length), 1)
    if (step === undefined) return
    this.trace.push(step.label)
    this.executing = undefined
    step.run()
    await settled()
    await this.executing
  }
}

/** Until all that can go on without a step has done so. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
