import { type Clock, startTimer, type Timer } from '../kernel/clock.ts'

/** A lease counts as over a little before it is: clocks run at different rates. */
const safeShare = 0.95

/**
 * The right to carry the records of a partition, as this process can know it. It may be lost as soon as its length has passed since the last renewal was *sent*, on a clock
 * that runs while the process stands still. Who asks `isHeld` before he begins something begins nothing too late; what is under way is told by `signal`.
 */
export class PartitionLease {
  /** The server's: what settles without it is refused. */
  readonly token: string
  readonly #clock: Clock
  readonly #lengthMs: number
  readonly #over: AbortController = new AbortController()
  #endsAtMs = 0
  #timer: Timer | undefined

  constructor(token: string, lengthMs: number, { clock, sentAtMs }: { readonly clock: Clock; readonly sentAtMs: number }) {
    this.token = token
    this.#clock = clock
    this.#lengthMs = lengthMs * safeShare
    this.renewed(sentAtMs)
  }

  get isHeld(): boolean {
    if (this.#clock.monotonicMs() >= this.#endsAtMs) this.lose()
    return !this.#over.signal.aborted
  }

  /** Fires when the lease may be lost. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  renewed(sentAtMs: number): void {
    if (this.#over.signal.aborted) return
    this.#endsAtMs = sentAtMs + this.#lengthMs
    this.#timer?.cancel()
    this.#timer = startTimer(this.#clock, this.#endsAtMs - this.#clock.monotonicMs(), () => void this.isHeld)
  }

  lose(): void {
    this.#timer?.cancel()
    this.#endsAtMs = Number.NEGATIVE_INFINITY
    if (!this.#over.signal.aborted) this.#over.abort()
  }
}
