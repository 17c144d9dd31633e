import type { Scheduler } from './scheduler.ts'

interface Bundle {
  readonly sentAtMs: number
  readonly items: (() => void)[]
}

type Direction = 'to server' | 'to client'

/**
 * A connection between a process and a server. Each direction keeps its order, as TCP does, and takes its time; what is said at one moment arrives together.
 * Two connections know nothing of each other, so what was said later on one may arrive sooner than what was said on another.
 */
export class Wire {
  readonly #scheduler: Scheduler
  readonly #latencyMs: () => number
  readonly #last = { 'to server': { atMs: 0 }, 'to client': { atMs: 0 } }
  readonly #open: Partial<Record<Direction, Bundle>> = {}
  /** Until when the server reads what was sent before its end. */
  #heardUntilMs = Number.POSITIVE_INFINITY
  #isCut = false
  #isSwallowing = false

  constructor(scheduler: Scheduler, latencyMs: () => number) {
    this.#scheduler = scheduler
    this.#latencyMs = latencyMs
  }

  toServer(arrive: () => void): void {
    if (!this.#isCut) this.#send('to server', arrive)
  }

  toClient(arrive: () => void): void {
    if (!this.#isCut) this.#send('to client', arrive)
  }

  /** What is said from now on in one direction, or both, arrives so much later. */
  stall(directions: readonly Direction[], ms: number): void {
    for (const direction of directions) this.#last[direction].atMs = Math.max(this.#last[direction].atMs, this.#scheduler.nowMs + ms)
  }

  /** Nothing arrives any more, and nobody is told. */
  swallow(): void {
    this.#isSwallowing = true
  }

  /** @param isHeard whether the server still reads what is on its way, or some of it: as when only the client sees the end */
  cut(isHeard: boolean): void {
    if (this.#isCut) return
    this.#isCut = true
    this.#heardUntilMs = isHeard ? this.#scheduler.nowMs + this.#latencyMs() : this.#scheduler.nowMs
  }

  #send(direction: Direction, arrive: () => void): void {
    const { nowMs } = this.#scheduler
    const open = this.#open[direction]
    if (open?.sentAtMs === nowMs) return void open.items.push(arrive)
    const bundle: Bundle = { sentAtMs: nowMs, items: [arrive] }
    this.#open[direction] = bundle
    const last = this.#last[direction]
    last.atMs = Math.max(last.atMs, nowMs + this.#latencyMs())
    this.#scheduler.at(last.atMs, undefined, () => {
      if (this.#open[direction] === bundle) delete this.#open[direction]
      for (const item of bundle.items) if (this.#isArriving(direction)) item()
    })
  }

  #isArriving(direction: Direction): boolean {
    if (this.#isSwallowing) return false
    return !this.#isCut || (direction === 'to server' && this.#scheduler.nowMs <= this.#heardUntilMs)
  }
}
