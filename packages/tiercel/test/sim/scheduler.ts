import { createRandom, type Random } from '@tiercel/workloads'

interface Step {
  readonly label: string
  readonly run: () => void
  /** Before so many others have been taken, it is taken only where there is no other. */
  readonly notBefore: number
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
  /** How likely a step takes very long. */
  readonly #sloth: number
  #taken = 0

  constructor(seed: number, sloth = 0) {
    this.#sloth = sloth
    this.#chance = createRandom(seed)
    this.random = () => this.#chance.next()
  }

  get isIdle(): boolean {
    return this.#steps.length === 0
  }

  /** Resolves when it is this step's turn. */
  turn(label: string): Promise<void> {
    return new Promise((resolve) => this.later(label, resolve))
  }

  later(label: string, run: () => void): void {
    const notBefore = this.#sloth > 0 && this.chance(this.#sloth) ? this.#taken + 20 + this.pick(150) : 0
    this.#steps.push({ label, run, notBefore })
  }

  pick(below: number): number {
    return this.#chance.integer(below)
  }

  chance(of: number): boolean {
    return this.random() < of
  }

  #take(): Step {
    this.#taken += 1
    const awake = this.#steps.filter(({ notBefore }) => notBefore <= this.#taken)
    const among = awake.length > 0 ? awake : this.#steps
    const step = among[this.pick(among.length)] as Step
    this.#steps.splice(this.#steps.indexOf(step), 1)
    return step
  }

  /** @returns once all that can go on without another step has done so */
  async step(): Promise<void> {
    if (this.isIdle) return
    const step = this.#take()
    this.trace.push(step.label)
    this.executing = undefined
    step.run()
    await settled()
    if (this.executing === undefined) return
    await this.executing
    await settled()
  }
}

/** Until all that can go on without a step has done so. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
