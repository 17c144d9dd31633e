import { backoffMs } from './backoff.ts'
import type { Evidence } from './evidence.ts'
import { Nap } from './nap.ts'
import type { Ownership, Settlement } from './ownership.ts'
import type { StreamRecord } from './record.ts'
import type { Slots } from './slots.ts'
import type { StreamContext } from './stream-context.ts'
import type { CarryFailure, CarrySettings, StreamHandler } from './stream-handler.ts'
import { judgeFailure, type Tried } from './verdict.ts'
import { type Pick, Window } from './window.ts'

export interface RunnerParts {
  readonly context: StreamContext
  readonly ownership: Ownership
  readonly handler: StreamHandler
  readonly settings: CarrySettings
  /** How many batches may be under way in this process. */
  readonly slots: Slots
  readonly evidence: Evidence
  /** Whether small batches go at once: somebody waits for the log to be empty. */
  isHurried(): boolean
}

const mostPerRead = 500
const leastWindow = 1_000
const mostWindowBytes = 32 * 1024 * 1024
const leastPollMs = 5
const mostPollMs = 500
const failurePause = { firstMs: 50, mostMs: 1_000 }

/**
 * Carries the records of one partition while it is ours. It begins with the oldest that nobody has settled, so whatever an owner before had under way comes again.
 */
export class PartitionRunner {
  readonly #parts: RunnerParts
  readonly #window: Window
  readonly #nap: Nap
  readonly #tried: Map<number, Tried>
  readonly #unburied: Map<number, StreamRecord | string>
  /** By sequence: how many had got through when a record failed last. */
  readonly #marks: Map<number, number> = new Map()
  #lastRead = 0
  #hasAll = false
  #isStopping = false

  constructor(parts: RunnerParts) {
    this.#parts = parts
    this.#window = new Window(parts.settings.isCoalescing)
    this.#nap = new Nap(parts.context)
    this.#tried = new Map(parts.ownership.tried)
    this.#unburied = new Map(parts.ownership.unburied)
    parts.ownership.lease.signal.addEventListener('abort', () => this.#nap.wake())
  }

  /** Resolves when it was told to stop, and nothing is under way, or when the partition is lost. */
  async run(): Promise<void> {
    for (let failures = 0; this.#mayBegin(); ) {
      try {
        await this.#turn()
        failures = 0
      } catch (error) {
        failures += 1
        this.#parts.context.failed('carry', error)
        await this.#nap.sleep(backoffMs(failurePause, failures, this.#parts.context.setUp.random()))
      }
    }
  }

  /** Begins nothing new. */
  stop(): void {
    this.#isStopping = true
    this.#nap.wake()
  }

  /** Looks at once for what there is to do. */
  wake(): void {
    this.#nap.wake()
  }

  #mayBegin(): boolean {
    return this.#parts.ownership.lease.isHeld && !this.#isStopping
  }

  async #turn(): Promise<void> {
    if (this.#unburied.size > 0) await this.#bury()
    await this.#read()
    const waitMs = this.#waitMs()
    if (waitMs > 0) return this.#nap.sleep(waitMs)
    const { slots } = this.#parts
    await slots.enter()
    try {
      // Clocks first: this process may have stood still for any time.
      if (this.#mayBegin()) await this.#flush()
    } finally {
      slots.leave()
    }
  }

  async #read(): Promise<void> {
    const { ownership, settings } = this.#parts
    const room = Math.min(mostPerRead, Math.max(leastWindow, settings.batchSize * 2) - this.#window.moving)
    this.#hasAll = true
    if (room <= 0 || this.#window.bytes >= mostWindowBytes) return
    const records = await ownership.read(this.#lastRead, room)
    for (const record of records ?? []) this.#window.add(record)
    this.#lastRead = records?.at(-1)?.sequence ?? this.#lastRead
    this.#hasAll = records === undefined || records.length < room
  }

  /** How long to wait for more, or for a retry; 0: a batch is due. */
  #waitMs(): number {
    const { context, settings, isHurried } = this.#parts
    const nowMs = context.monotonicMs()
    const { keys, oldest } = this.#window.ready(nowMs)
    const pollMs = Math.min(mostPollMs, Math.max(leastPollMs, settings.flushEveryMs / 2))
    if (keys === 0) return Math.max(1, Math.min(pollMs, this.#window.nextDueMs() - nowMs))
    if (keys >= settings.batchSize || oldest === undefined || isHurried()) return 0
    // What is not read yet belongs into the same batch.
    if (!this.#hasAll) return 1
    const ageMs = context.link.nowMs() - oldest / 1_000
    return Math.max(0, Math.min(pollMs, settings.flushEveryMs - ageMs))
  }

  async #flush(): Promise<void> {
    const { context, evidence, handler, ownership, settings } = this.#parts
    const picks = this.#window.pick(settings.batchSize, context.monotonicMs())
    if (picks.length === 0) return
    const startedAtMs = context.monotonicMs()
    const marks = picks.map(({ record }) => this.#marks.get(record.sequence) ?? evidence.of(handler.groupOf(record)))
    const failures = await this.#carry(picks)
    picks.forEach(({ record }, at) => {
      if (failures[at] === undefined) evidence.add(handler.groupOf(record))
    })
    const settlements = picks.flatMap((pick, at) => this.#judge(pick, failures[at], marks[at] as number))
    // Oldest first: a crash in between must not leave an older one to be carried after the newer one that stood for it.
    settlements.sort((a, b) => a.sequence - b.sequence)
    if (!(await this.#settle(settlements)) || !context.emitter.isHeard) return
    const failed = failures.filter((failure) => failure !== undefined).length
    const superseded = picks.reduce((all, pick, at) => all + (failures[at] === undefined ? pick.superseded.length : 0), 0)
    const tookMs = context.monotonicMs() - startedAtMs
    const { partition } = ownership.keys
    context.emitter.emit({ type: 'records.carried', partition, records: picks.length - failed, superseded, failed, tookMs })
  }

  async #carry(picks: readonly Pick[]): Promise<readonly (CarryFailure | undefined)[]> {
    try {
      return await this.#parts.handler.carry(
        picks.map(({ record }) => record),
        this.#parts.ownership.lease.signal,
      )
    } catch (error) {
      return picks.map(() => ({ error, mayCount: true }))
    }
  }

  /** Tells the window at once: what is settled here is not carried again, however long the server takes to hear of it. */
  #judge({ record, superseded }: Pick, failure: CarryFailure | undefined, mark: number): readonly Settlement[] {
    const { context, evidence, handler, settings } = this.#parts
    const { key, sequence } = record
    if (failure === undefined) {
      this.#window.done(record)
      this.#forget(sequence)
      return [...superseded, record].map((each) => ({ what: 'done', sequence: each.sequence }))
    }
    const gotThrough = evidence.of(handler.groupOf(record))
    const isCounted = failure.mayCount && gotThrough > mark
    const { tried, isOver } = judgeFailure(this.#tried.get(sequence), {
      othersGotThrough: isCounted,
      nowMs: context.link.nowMs(),
      rules: settings,
    })
    const { partition } = this.#parts.ownership.keys
    const { error } = failure
    const tries = tried.failures
    if (isOver) {
      this.#window.dead(record)
      this.#forget(sequence)
      this.#unburied.set(sequence, record)
      if (context.emitter.isHeard) context.emitter.emit({ type: 'record.dead', partition, key, sequence, tries, error })
      return [{ what: 'dead', sequence, tries, problem: problemOf(error) }]
    }
    const againInMs = backoffMs(settings.backoff, tries, context.setUp.random())
    this.#tried.set(sequence, tried)
    this.#marks.set(sequence, gotThrough)
    this.#window.failed(record, context.monotonicMs() + againInMs)
    if (context.emitter.isHeard)
      context.emitter.emit({ type: 'record.failed', partition, key, sequence, tries, isCounted, againInMs, error })
    return [{ what: 'failed', sequence, tried }]
  }

  /**
   * Until the server has heard of it, or the lease is over. Tried once even then: as long as nobody else has claimed the partition, the token is the newest, and nothing need
   * be carried twice.
   */
  async #settle(settlements: readonly Settlement[]): Promise<boolean> {
    const { context, ownership } = this.#parts
    for (let failures = 1; ; failures += 1) {
      try {
        return await ownership.settle(settlements)
      } catch (error) {
        context.failed('settle', error)
        if (!ownership.lease.isHeld) return false
        await this.#nap.sleep(backoffMs(failurePause, failures, context.setUp.random()))
      }
    }
  }

  async #bury(): Promise<void> {
    const { handler, ownership } = this.#parts
    for (const [sequence, letter] of this.#unburied) {
      const record = typeof letter === 'string' ? await ownership.letter(letter) : letter
      if (record !== undefined) await handler.buried(record)
      if (!(await ownership.settle([{ what: 'over', sequence }]))) return
      this.#unburied.delete(sequence)
    }
  }

  #forget(sequence: number): void {
    this.#tried.delete(sequence)
    this.#marks.delete(sequence)
  }
}

function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
