import { createRandom, type Random } from '@tiercel/workloads'
import type { Clock, Timer } from '../../src/kernel/clock.ts'

interface Event {
  readonly atMs: number
  /** Of two at the same time, the one that was planned first is first. */
  readonly order: number
  readonly label: string | (() => string) | undefined
  readonly run: () => void
  isCancelled: boolean
}

/** How long what people and machines do takes: anything between the two, each order of magnitude as likely as the next. */
export interface Pace {
  readonly leastMs: number
  readonly mostMs: number
  /** How likely something takes far longer, and how long then at most. */
  readonly sloth: number
  readonly slothMs: number
}

/**
 * Time, chance and the order of events of a whole simulated world.
 *
 * Everything that happens is an event at an instant of virtual time: a command that arrives, an answer, a timer, the end of a load. How long each takes is
 * drawn from the seed, so another seed is another order of events, and the same seed is the same world. Instants are absolute: nothing adds up errors.
 */
export class Scheduler implements Clock {
  nowMs: number
  readonly pace: Pace
  /** 0 to 1. */
  readonly random: () => number
  /** What happened, for people; empty unless it was asked for. */
  readonly trace: string[] = []
  readonly #isTracing: boolean
  readonly #chance: Random
  /** A binary heap. */
  readonly #events: Event[] = []
  #planned = 0
  /** Events that happened. */
  steps = 0

  constructor(seed: number | string, { pace, isTracing = false, startMs = 1_000_000 }: SchedulerOptions) {
    this.nowMs = startMs
    this.pace = pace
    this.#isTracing = isTracing
    this.#chance = createRandom(seed)
    this.random = () => this.#chance.next()
  }

  monotonicMs(): number {
    return this.nowMs
  }

  after(ms: number, onExpire: () => void): Timer {
    return this.#plan(this.nowMs + Math.max(ms, 0), onExpire, undefined)
  }

  /** When the next event is due; `undefined`: nothing will ever happen again. */
  get nextAtMs(): number | undefined {
    while (this.#events[0]?.isCancelled === true) this.#pop()
    return this.#events[0]?.atMs
  }

  /** Runs `run` after a time that chance decides. */
  later(label: string | (() => string), run: () => void, ms: number = this.pauseMs()): Timer {
    return this.#plan(this.nowMs + ms, run, label)
  }

  at(atMs: number, label: string | (() => string) | undefined, run: () => void): Timer {
    return this.#plan(Math.max(atMs, this.nowMs), run, label)
  }

  /** Resolves after a time that chance decides. */
  turn(label: string, ms?: number): Promise<void> {
    return new Promise((resolve) => this.later(label, resolve, ms))
  }

  /** How long something takes. */
  pauseMs(): number {
    const { leastMs, mostMs, sloth, slothMs } = this.pace
    return this.chance(sloth) ? this.spread(mostMs, slothMs) : this.spread(leastMs, mostMs)
  }

  /** Between the two, each order of magnitude as likely as the next. */
  spread(leastMs: number, mostMs: number): number {
    return leastMs * (mostMs / leastMs) ** this.random()
  }

  pick(below: number): number {
    return this.#chance.integer(below)
  }

  oneOf<T>(all: readonly T[]): T {
    return all[this.pick(all.length)] as T
  }

  chance(of: number): boolean {
    return of > 0 && this.random() < of
  }

  say(text: string | (() => string)): void {
    if (this.#isTracing) this.trace.push(`${this.#stamp()}  ${typeof text === 'string' ? text : text()}`)
  }

  /** Takes the next event. @returns once all that can go on without another has done so; false: there is none */
  async step(): Promise<boolean> {
    if (this.nextAtMs === undefined) return false
    const event = this.#pop()
    this.nowMs = event.atMs
    this.steps += 1
    if (event.label !== undefined) this.say(event.label)
    event.run()
    await settled()
    return true
  }

  #stamp(): string {
    return this.nowMs.toFixed(3).padStart(11)
  }

  #plan(atMs: number, run: () => void, label: Event['label']): Timer {
    const event: Event = { atMs, order: this.#planned, label, run, isCancelled: false }
    this.#planned += 1
    this.#push(event)
    return { cancel: () => void (event.isCancelled = true) }
  }

  #push(event: Event): void {
    const events = this.#events
    let at = events.length
    events.push(event)
    for (let up = (at - 1) >> 1; at > 0 && isBefore(event, events[up] as Event); up = (at - 1) >> 1) {
      events[at] = events[up] as Event
      at = up
    }
    events[at] = event
  }

  #pop(): Event {
    const events = this.#events
    const first = events[0] as Event
    const last = events.pop() as Event
    if (events.length === 0) return first
    let at = 0
    for (;;) {
      let down = 2 * at + 1
      if (down >= events.length) break
      if (down + 1 < events.length && isBefore(events[down + 1] as Event, events[down] as Event)) down += 1
      if (!isBefore(events[down] as Event, last)) break
      events[at] = events[down] as Event
      at = down
    }
    events[at] = last
    return first
  }
}

export interface SchedulerOptions {
  readonly pace: Pace
  /** Default: false. */
  readonly isTracing?: boolean
  readonly startMs?: number
}

function isBefore(one: Event, other: Event): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
}

/** Until all that can go on without an event has done so. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
