import { type Clock, startTimer, type Timer } from '../kernel/clock.ts'

/**
 * One timer for all deadlines.
 *
 * A timer or an AbortSignal per command costs several times the command. Here a deadline is one object in a bucket of a wheel: 64
 * buckets of 4 ms, further ones lie on their bucket for another round. The timer runs only while something waits, and never keeps the
 * process alive.
 *
 * A loop that was blocked finds its timers due before it has looked at its sockets. So what is due gets one more turn: it fires
 * after the replies that lie in the sockets were read. A deadline is met late by at most one tick, never early.
 *
 * Source: Varghese and Lauck, "Hashed and hierarchical timing wheels", 1987, scheme 6.
 */
const tickMs = 4
const bucketCount = 64
/** Without a tick for so long, the timer is taken for lost. */
const longestSilenceMs = 1_000
const lengths = 16

export class Deadline {
  /** The tick at which it is due. */
  readonly dueTick: number
  #onExpire: (() => void) | undefined
  readonly #wheel: DeadlineWheel

  constructor(wheel: DeadlineWheel, dueTick: number, onExpire: () => void) {
    this.#wheel = wheel
    this.dueTick = dueTick
    this.#onExpire = onExpire
  }

  get isOpen(): boolean {
    return this.#onExpire !== undefined
  }

  /** What was waited for is there: it will not fire. May be called twice. */
  cancel(): void {
    if (this.#onExpire === undefined) return
    this.#onExpire = undefined
    this.#wheel.settled()
  }

  fire(): void {
    const onExpire = this.#onExpire
    if (onExpire === undefined) return
    this.#onExpire = undefined
    this.#wheel.settled()
    onExpire()
  }
}

export class DeadlineWheel {
  readonly #buckets: Deadline[][] = Array.from({ length: bucketCount }, () => [])
  readonly #nowMs: () => number
  #timer: NodeJS.Timeout | undefined
  /** Of another length, and so of another list. */
  #guard: NodeJS.Timeout | undefined
  #lastTick = 0
  #open = 0
  #replacements = 0
  #trustedUntilMs = 0

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  /** Deadlines that wait, for tests and metrics. */
  get open(): number {
    return this.#open
  }

  /** Calls `onExpire` once after `ms`, unless cancelled before. Cost: one object and an array push. */
  start(ms: number, onExpire: () => void): Deadline {
    const nowMs = this.#nowMs()
    if (this.#timer === undefined) this.#turn(nowMs)
    else if (nowMs > this.#trustedUntilMs) this.#replaceTimer(nowMs)
    const dueTick = Math.ceil((nowMs + ms) / tickMs)
    const deadline = new Deadline(this, dueTick, onExpire)
    this.#bucket(dueTick).push(deadline)
    this.#open += 1
    return deadline
  }

  settled(): void {
    this.#open -= 1
  }

  #turn(nowMs: number): void {
    this.#lastTick = Math.floor(nowMs / tickMs)
    this.#startTimer(tickMs, nowMs)
    this.#guard = setInterval(() => this.#look(), longestSilenceMs).unref()
  }

  #startTimer(everyMs: number, nowMs: number): void {
    this.#trustedUntilMs = nowMs + longestSilenceMs
    this.#timer = setInterval(() => this.#advance(), everyMs)
    this.#timer.unref()
  }

  /**
   * The timer has been silent for long: the loop was blocked, or Node lost its list of timers of this length, which has been seen after long runs
   * of microtasks. A hung server would then hang its callers for ever. One of another length is in another list.
   */
  #replaceTimer(nowMs: number): void {
    clearInterval(this.#timer)
    this.#replacements += 1
    this.#startTimer(tickMs + (this.#replacements % lengths), nowMs)
  }

  /** Nobody may start a deadline who would notice. */
  #look(): void {
    const nowMs = this.#nowMs()
    if (nowMs <= this.#trustedUntilMs) return
    this.#replaceTimer(nowMs)
    this.#advance()
  }

  #advance(): void {
    const nowMs = this.#nowMs()
    const tick = Math.floor(nowMs / tickMs)
    this.#trustedUntilMs = nowMs + longestSilenceMs
    const due: Deadline[] = []
    const steps = Math.min(tick - this.#lastTick, bucketCount)
    for (let step = 0; step < steps; step += 1) this.#collect(tick - step, tick, due)
    this.#lastTick = tick
    if (due.length > 0) setImmediate(fireAll, due)
    if (this.#open === 0) this.#rest()
  }

  #collect(bucketTick: number, tick: number, due: Deadline[]): void {
    const bucket = this.#bucket(bucketTick)
    let kept = 0
    for (const deadline of bucket) {
      if (!deadline.isOpen) continue
      if (deadline.dueTick <= tick) due.push(deadline)
      else bucket[kept++] = deadline
    }
    bucket.length = kept
  }

  #rest(): void {
    clearInterval(this.#timer)
    clearInterval(this.#guard)
    this.#timer = undefined
    for (const bucket of this.#buckets) bucket.length = 0
  }

  #bucket(tick: number): Deadline[] {
    return this.#buckets[tick % bucketCount] as Deadline[]
  }
}

function fireAll(due: readonly Deadline[]): void {
  for (const deadline of due) deadline.fire()
}

/** One per process: it costs nothing while nobody waits. */
export const deadlines: DeadlineWheel = new DeadlineWheel()

/** Starts a deadline. */
export type StartDeadline = (ms: number, onExpire: () => void) => Timer

/** By the clock, where that has timers of its own. */
export function deadlinesOf(clock: Clock): StartDeadline {
  return clock.after === undefined ? (ms, onExpire) => deadlines.start(ms, onExpire) : (ms, onExpire) => startTimer(clock, ms, onExpire)
}
