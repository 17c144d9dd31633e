import type { Clock, Timer } from '../kernel/clock.ts'
import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'

export interface FakeClockOptions {
  /** What it shows at first, in ms; 0 or more. Default 0. */
  readonly startMs?: number
}

interface Alarm {
  readonly atMs: number
  readonly ring: () => void
}

/** Microtasks that a chain of promises may need between two timers. */
const turnsToSettle = 5

/**
 * Time that stands still until it is moved, timers included: what it is handed to waits for nothing, and does the same in every run.
 *
 * To be handed to `createCache` and `memoryStore` as `clock`. It does not move what a real server does, nor what other packages time.
 *
 * @throws {TIERCEL_INVALID_OPTION} a time that is no number of ms from 0; so do its methods
 * @example
 * const clock = new FakeClock()
 * const cache = createCache({ ttl: '5m', clock })
 * await cache.set('price', 1)
 * clock.pass(5 * 60_000)
 * await cache.get('price') // undefined
 */
export class FakeClock implements Clock {
  #nowMs: number
  /** In the order in which they were set. */
  readonly #alarms: Set<Alarm> = new Set()

  constructor(options: FakeClockOptions = {}) {
    checkOptionNames(options, ['startMs'], 'FakeClock')
    this.#nowMs = checkMs(options.startMs ?? 0, 'startMs')
  }

  get nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  after(ms: number, onExpire: () => void): Timer {
    const alarm = { atMs: this.#nowMs + ms, ring: onExpire }
    this.#alarms.add(alarm)
    return { cancel: () => void this.#alarms.delete(alarm) }
  }

  /** How many timers are set. */
  get waiting(): number {
    return this.#alarms.size
  }

  /** When the next timer is due; before now if time passed it by in a `stall`. `undefined`: none is set. */
  get nextAtMs(): number | undefined {
    return this.#next()?.atMs
  }

  /** So many ms go by. What becomes due is rung at its time: in order, and of two at the same time the one that was set first. */
  pass(ms: number): void {
    const untilMs = this.#nowMs + checkMs(ms, 'ms')
    while (this.#ringNext(untilMs));
    this.#nowMs = untilMs
  }

  /** As `pass`, and what a timer has set off with promises goes on before the next one is rung, and before it returns. */
  async passAndSettle(ms: number): Promise<void> {
    const untilMs = this.#nowMs + checkMs(ms, 'ms')
    await settle()
    while (this.#ringNext(untilMs)) await settle()
    this.#nowMs = untilMs
  }

  /** So many ms go by and no timer is rung, as when the process is busy or suspended; those that are due are late, and rung by the next `pass`. */
  stall(ms: number): void {
    this.#nowMs += checkMs(ms, 'ms')
  }

  #ringNext(untilMs: number): boolean {
    const next = this.#next()
    if (next === undefined || next.atMs > untilMs) return false
    this.#nowMs = Math.max(this.#nowMs, next.atMs)
    this.#alarms.delete(next)
    next.ring()
    return true
  }

  #next(): Alarm | undefined {
    let next: Alarm | undefined
    for (const alarm of this.#alarms) if (next === undefined || alarm.atMs < next.atMs) next = alarm
    return next
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < turnsToSettle; turn += 1) await undefined
}

function checkMs(given: number, option: string): number {
  if (Number.isFinite(given) && given >= 0) return given
  throw new UsageError('TIERCEL_INVALID_OPTION', `${option}: ${show(given)} is not allowed. Allowed: a number of milliseconds from 0.`)
}
