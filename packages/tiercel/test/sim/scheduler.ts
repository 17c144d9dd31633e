import { createRandom, type Random } from '@tiercel/workloads'

interface Step {
  readonly label: string
  readonly run: () => void
}

/**
 * Decides what happens next. Whatever could come in another order on another day (a command's execution, its answer, a push, the end of a
 * load) is a step that waits here; the seed picks one at a time, and the program runs until it waits for steps again.
 */
export class Scheduler {
  /** 0 to 1. */
  readonly random: () => number
  readonly #chance: Random
  readonly trace: string[] = []
  /** What the last step began and must have done before the next: a command on a real server. */
  executing: Promise<unknown> | undefined
  readonly #steps: Step[] = []

  constructor(seed: number) {
    this.#chance = createRandom(seed)
    this.random = () => this.#chance.next()
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
    return this.#chance.integer(below)
  }

  async step(): Promise<void> {
    if (this.isIdle) return
    const [step] = this.#steps.splice(this.pick(this.#steps.length), 1) as [Step]
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
