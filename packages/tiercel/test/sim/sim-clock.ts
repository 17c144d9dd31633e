import type { Clock, Timer } from '../../src/kernel/clock.ts'

interface Alarm {
  readonly atMs: number
  readonly ring: () => void
}

/** Time that stands still until it is moved, timers included. */
export class SimClock implements Clock {
  nowMs = 1_000_000
  readonly #alarms: Set<Alarm> = new Set()

  monotonicMs(): number {
    return this.nowMs
  }

  after(ms: number, ring: () => void): Timer {
    const alarm = { atMs: this.nowMs + ms, ring }
    this.#alarms.add(alarm)
    return { cancel: () => void this.#alarms.delete(alarm) }
  }

  /** When the next timer is due. */
  get nextAtMs(): number | undefined {
    return this.#next()?.atMs
  }

  /** Rings what becomes due, in order, at its time. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms
    for (let alarm = this.#next(); alarm !== undefined && alarm.atMs <= untilMs; alarm = this.#next()) {
      this.nowMs = Math.max(this.nowMs, alarm.atMs)
      this.#alarms.delete(alarm)
      alarm.ring()
    }
    this.nowMs = untilMs
  }

  #next(): Alarm | undefined {
    let next: Alarm | undefined
    for (const alarm of this.#alarms) if (next === undefined || alarm.atMs < next.atMs) next = alarm
    return next
  }
}
