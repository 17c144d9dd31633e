import { type Clock, startTimer, type Timer } from '../../kernel/clock.ts'
import type { FaultAction, FaultScript, FaultStep } from './fault-script.ts'

/** A script that is being played. */
export interface ScriptRun {
  /** Resolves when every step has been taken, or it was stopped. */
  readonly done: Promise<void>
  /** No further step is taken. What was imposed stays. May be called twice. */
  stop(): void
}

export interface PlayerOptions {
  readonly clock: Clock
  /** Before a step that a command has brought about: what came before it goes on its way. */
  readonly beforeStep: () => void
  /** @param number of the step, from 1 */
  readonly take: (action: FaultAction, number: number) => void
  readonly onEnd: () => void
}

interface Due {
  readonly at: number
  readonly number: number
  readonly step: FaultStep
}

/** Takes the steps of a script when they are due. The script has been checked. */
export class ScriptPlayer implements ScriptRun {
  readonly #options: PlayerOptions
  readonly #startMs: number
  readonly #byTime: Due[]
  readonly #byCommands: Due[]
  #commands = 0
  #timer: Timer | undefined
  #isOver = false
  readonly #resolve: () => void
  readonly done: Promise<void>

  constructor({ steps }: FaultScript, options: PlayerOptions) {
    this.#options = options
    this.#startMs = options.clock.monotonicMs()
    const numbered = steps.map((step, at) => ({ step, number: at + 1 }))
    const inOrder = (due: Due[]): Due[] => due.toSorted((a, b) => a.at - b.at)
    this.#byTime = inOrder(numbered.flatMap(({ step, number }) => ('atMs' in step ? [{ at: step.atMs, number, step }] : [])))
    this.#byCommands = inOrder(
      numbered.flatMap(({ step, number }) => ('afterCommands' in step ? [{ at: step.afterCommands, number, step }] : [])),
    )
    const { promise, resolve } = withResolver()
    this.done = promise
    this.#resolve = resolve
  }

  /** Takes what is due at once. */
  start(): void {
    this.#takeByTime()
    this.#takeByCommands()
  }

  countCommand(): void {
    this.#commands += 1
    if (this.#byCommands[0]?.at === this.#commands) this.#options.beforeStep()
    this.#takeByCommands()
  }

  stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer?.cancel()
    this.#options.onEnd()
    this.#resolve()
  }

  #takeByTime(): void {
    const { clock } = this.#options
    this.#takeUntil(this.#byTime, clock.monotonicMs() - this.#startMs)
    const [next] = this.#byTime
    if (next === undefined || this.#isOver) return
    this.#timer = startTimer(clock, next.at - (clock.monotonicMs() - this.#startMs), () => this.#takeByTime())
  }

  #takeByCommands(): void {
    this.#takeUntil(this.#byCommands, this.#commands)
  }

  #takeUntil(due: Due[], now: number): void {
    for (let next = due[0]; next !== undefined && next.at <= now && !this.#isOver; next = due[0]) {
      due.shift()
      this.#options.take(next.step, next.number)
    }
    if (this.#byTime.length + this.#byCommands.length === 0) this.stop()
  }
}

function withResolver(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
