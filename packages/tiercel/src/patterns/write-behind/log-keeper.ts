import { startHoldingTimer } from '../../kernel/clock.ts'
import { durationMs } from '../../kernel/duration.ts'
import { checkOptionNames } from '../../kernel/options.ts'
import { fenceScript } from '../../stores/fence-scripts.ts'
import { ScriptRunner } from '../../stores/script-runner.ts'
import { DeadLetters } from '../../streams/dead-letters.ts'
import { LogDurability } from '../../streams/log-durability.ts'
import type { StreamContext } from '../../streams/stream-context.ts'
import { StreamLog } from '../../streams/stream-log.ts'
import { StreamWorker } from '../../streams/stream-worker.ts'
import { Emitter } from '../../telemetry/emitter.ts'
import { deadWrites } from './dead-writes.ts'
import type { CheckedCarry, CheckedLog } from './options.ts'
import { SourceNames } from './source-names.ts'
import type { CloseOptions, DeadWrites, Drained, DrainOptions, WriteBehindEvent, WriteBehindStats } from './write-behind.ts'
import { WriteCarrier } from './write-carrier.ts'

const leastRateMs = 100
const drainPollMs = 100
/** What a batch under way is left when nobody waits for the log to be empty. */
export const leastGraceMs = 1_000

/** What a log and a worker alone have in common: the stream, its worker in this process, and their end. */
export class LogKeeper {
  readonly context: StreamContext
  readonly stream: StreamLog
  readonly names: SourceNames
  readonly durability: LogDurability
  readonly emitter: Emitter<WriteBehindEvent> = new Emitter<WriteBehindEvent>()
  readonly deadLetters: DeadWrites
  readonly #log: CheckedLog
  readonly #entryScripts: ScriptRunner
  /** Appends that have no answer yet. */
  readonly #appending: Set<Promise<unknown>> = new Set()
  #worker: StreamWorker | undefined
  #rate = { settled: 0, atMs: Number.NEGATIVE_INFINITY, perSecond: 0 }

  constructor(log: CheckedLog) {
    this.#log = log
    this.context = log.context
    this.stream = new StreamLog(log.context, log.limits, log.rules)
    this.names = new SourceNames(log.onFull)
    this.durability = new LogDurability(log.context, (advice) => this.emitter.emit({ type: 'advice.given', ...advice }))
    this.#entryScripts = log.entries === log.context.link ? log.context.scripts : new ScriptRunner(log.entries)
    this.deadLetters = deadWrites(new DeadLetters(log.context), (entryKey) => this.#deleteEntry(entryKey))
  }

  on(listener: (event: WriteBehindEvent) => void): () => void {
    const ends = [this.emitter.on(listener), this.context.emitter.on(listener)]
    return () => {
      for (const end of ends) end()
    }
  }

  /** Keeps the log from being taken for empty until it has settled. */
  appends<T>(append: Promise<T>): Promise<T> {
    const appending = append.finally(() => this.#appending.delete(appending))
    this.#appending.add(appending)
    return appending
  }

  /** Waits for what is being appended now. */
  async appended(): Promise<void> {
    await Promise.allSettled(this.#appending)
  }

  /** Once. */
  startWorker({ sourceTimeoutMs, ...settings }: CheckedCarry): void {
    if (this.#worker !== undefined) return
    const { clock, random } = this.context.setUp
    const limits = { timeoutMs: sourceTimeoutMs, clock, random }
    const carrier = new WriteCarrier(this.names, limits, (entryKey) => this.#deleteEntry(entryKey))
    this.#worker = new StreamWorker(this.context, carrier, settings)
    void this.durability.read()
  }

  async stats(): Promise<WriteBehindStats> {
    const stats = await this.stream.stats()
    return { ...stats, settledPerSecond: this.#perSecond(stats.settled), partitions: this.#worker?.partitions ?? [] }
  }

  drain(options: DrainOptions = {}): Promise<Drained> {
    checkOptionNames(options, ['timeout'], 'drain')
    return this.#drain(durationMs(options.timeout ?? '30s', 'timeout'))
  }

  /** @param drainMs 0: nobody waits for the log to be empty */
  async close(drainMs: number): Promise<Drained> {
    const mayDrain = this.#worker !== undefined && drainMs > 0
    // A server that is not there is not waited for only to be asked.
    const isThere = this.context.link.client !== undefined
    const drained = mayDrain ? await this.#drain(drainMs) : isThere ? await this.#look() : { isEmpty: false, depth: undefined }
    this.stream.giveUp()
    await this.#worker?.close(leastGraceMs)
    await this.context.link.close()
    await this.#log.entries.close()
    return drained
  }

  async #drain(timeoutMs: number): Promise<Drained> {
    const endMs = this.context.monotonicMs() + timeoutMs
    const calm = this.#worker?.hurry()
    try {
      for (;;) {
        const drained = await this.#look()
        if (drained.isEmpty || this.context.monotonicMs() >= endMs) return drained
        await this.#sleep(Math.min(drainPollMs, Math.max(1, endMs - this.context.monotonicMs())))
      }
    } finally {
      calm?.()
    }
  }

  async #look(): Promise<Drained> {
    const isAppending = this.#appending.size > 0
    try {
      const { depth } = await this.stream.stats()
      return { isEmpty: depth === 0 && !isAppending, depth }
    } catch (error) {
      this.context.failed('stats', error)
      return { isEmpty: false, depth: undefined }
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void startHoldingTimer(this.context.setUp.clock, ms, resolve))
  }

  /** As a delete of the cache: fences of those who change the source stand. */
  async #deleteEntry(entryKey: string): Promise<void> {
    const call = { script: fenceScript, keys: [entryKey], args: ['close', '', '0', '', '1', '0'] }
    await this.#entryScripts.runOne('delete', () => call, true)
  }

  #perSecond(settled: number): number {
    const nowMs = this.context.monotonicMs()
    const tookMs = nowMs - this.#rate.atMs
    if (tookMs < leastRateMs) return this.#rate.perSecond
    const perSecond = Number.isFinite(tookMs) ? ((settled - this.#rate.settled) / tookMs) * 1_000 : 0
    this.#rate = { settled, atMs: nowMs, perSecond }
    return perSecond
  }
}

/** @throws {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} */
export function drainMsOf(options: CloseOptions = {}): number {
  checkOptionNames(options, ['drainMs'], 'close')
  const { drainMs = 5_000 } = options
  return drainMs === 0 ? 0 : durationMs(drainMs, 'drainMs')
}
