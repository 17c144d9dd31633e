import type { Appended, LoggedWrite, PendingWrite } from '../../cache/write-log.ts'
import type { Client } from '../../client/client.ts'
import { startHoldingTimer } from '../../kernel/clock.ts'
import { StoreError } from '../../kernel/errors.ts'
import { closedLog } from '../../streams/append-queue.ts'
import { drainMsOf, LogKeeper, leastGraceMs } from './log-keeper.ts'
import { type AnySource, type CheckedCarry, type CheckedLog, checkCarry, checkLog, type WriteBehindOptions } from './options.ts'
import { writeOne } from './source-writer.ts'
import type { CloseOptions, Drained, DrainOptions, WriteBehind, WriteBehindEvent, WriteBehindStats } from './write-behind.ts'
import { keyOfWrite, readRecord, toRecord } from './write-body.ts'

/**
 * A log on Valkey or Redis in which writes are acknowledged before their source has them, and a worker that carries those of this process' share to their sources.
 *
 * What is acknowledged reaches its source at least once, in order for each key, or becomes a dead letter; it survives what its `durability` says. Reads find it by `pending`
 * until the source has it. Sources should check sequences: a process that was taken for dead may wake up in the middle of a write.
 *
 * @param client as for `valkeyStore`: a live client that stays yours, a `Client`, or a URL. With `replicas` give it one of its own: `WAIT` holds up what comes after it
 * @throws {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} {TIERCEL_CLIENT_UNKNOWN} {TIERCEL_UNSUPPORTED}
 * @remarks Costs: an append is one round trip, those of one turn of the event loop and one partition share one; `pending` is one; a batch that is carried two. An idle log is asked
 *   by its owners, twice in `flushEvery` for each partition.
 * @example
 * const log = createWriteBehind('redis://127.0.0.1:6379', { name: 'shop' })
 * const products = cache.resource({ key: 'product:{id}', load, write: { mode: 'behind', log } })
 */
export function createWriteBehind(client: Client | object | string | URL, options: WriteBehindOptions): WriteBehind {
  const carry = options?.worker === false ? undefined : checkCarry(options?.worker ?? {})
  return new OpenLog(checkLog(client, options), carry)
}

/** For what is written through while the log is full, when no worker says otherwise. */
const defaultSourceTimeoutMs = 30_000
/** Of the budget of a step: the rest is for the way, and for servers that look at the time ten times a second. */
const waitShare = 0.5

class OpenLog implements WriteBehind {
  readonly #log: CheckedLog
  readonly #carry: CheckedCarry | undefined
  readonly #keeper: LogKeeper
  readonly #ending: AbortController = new AbortController()
  #closed: Promise<Drained> | undefined

  constructor(log: CheckedLog, carry: CheckedCarry | undefined) {
    this.#log = log
    this.#carry = carry
    this.#keeper = new LogKeeper(log)
  }

  get deadLetters(): WriteBehind['deadLetters'] {
    return this.#keeper.deadLetters
  }

  source(name: string, source: AnySource): void {
    this.#keeper.names.add(name, source)
    if (this.#carry !== undefined && this.#closed === undefined) this.#keeper.startWorker(this.#carry)
  }

  append(write: LoggedWrite): Promise<Appended> {
    if (this.#closed !== undefined) return Promise.reject(closedLog())
    return this.#keeper.appends(this.#append(write))
  }

  async pending(name: string, key: string): Promise<PendingWrite | undefined> {
    if (this.#closed !== undefined) throw closedLog()
    const recordKey = keyOfWrite(name, key)
    const found = await this.#keeper.stream.newest(recordKey)
    return found && { sequence: found.sequence, change: readRecord({ key: recordKey, body: found.body }).change }
  }

  stats(): Promise<WriteBehindStats> {
    return this.#keeper.stats()
  }

  on(listener: (event: WriteBehindEvent) => void): () => void {
    return this.#keeper.on(listener)
  }

  drain(options?: DrainOptions): Promise<Drained> {
    return this.#keeper.drain(options)
  }

  close(options?: CloseOptions): Promise<Drained> {
    const drainMs = drainMsOf(options)
    this.#closed ??= this.#close(drainMs)
    return this.#closed
  }

  async #close(drainMs: number): Promise<Drained> {
    const { context, stream } = this.#keeper
    const endMs = context.monotonicMs() + drainMs
    // What is on its way gets its answer, and what waits for room has the time that the log has to become empty.
    const timer = startHoldingTimer(context.setUp.clock, Math.max(drainMs, leastGraceMs), () => {
      stream.giveUp()
      this.#ending.abort(closedLog())
    })
    if (drainMs === 0 || this.#carry === undefined) stream.giveUp()
    await this.#keeper.appended()
    timer.cancel()
    return this.#keeper.close(Math.max(0, endMs - context.monotonicMs()))
  }

  async #append(write: LoggedWrite): Promise<Appended> {
    // Before anything is waited for: what the caller does to the value afterwards is his own affair.
    const record = toRecord(write)
    const { context } = this.#keeper
    // With the first link, where there was none.
    await context.check()
    const { epoch } = context.link
    const reading = this.#keeper.durability.read()
    const sequence = await this.#keeper.stream.append(record)
    if (sequence === undefined) return this.#full(write)
    if (this.#log.replicas === 0) return { source: 'logged', sequence, durability: await reading }
    await this.#waitForReplicas(record.key, epoch)
    return { source: 'logged', sequence, durability: `replicated(${this.#log.replicas})` }
  }

  /** `WAIT` speaks of what was written on its own link: one that was made since says nothing about the append. */
  async #waitForReplicas(key: string, epoch: number): Promise<void> {
    const { link } = this.#keeper.context
    const { replicas } = this.#log
    const words = ['WAIT', String(replicas), String(Math.max(1, Math.floor(link.timeoutMs * waitShare)))]
    const { stream } = this.#keeper.context.of(key)
    let cause: unknown
    const confirmed = await link.send({ words, key: stream }, 'wait').catch((error) => {
      cause = error
      return 0
    })
    if (Number(confirmed) >= replicas && link.epoch === epoch) return
    const text = `A write was appended, and ${Number(confirmed)} of ${replicas} replicas are known to have it.`
    throw new StoreError('TIERCEL_NOT_REPLICATED', text, { operation: 'append', key, cause })
  }

  async #full(write: LoggedWrite): Promise<Appended> {
    const { onFull } = this.#log
    if (onFull === 'through') return this.#writeThrough(write)
    const text = `The log ${this.#keeper.context.setUp.name} has no room for a write${onFull === 'wait' ? ', and had none while it waited' : ''}.`
    throw new StoreError('TIERCEL_WRITES_FULL', text, { operation: 'append', key: write.key })
  }

  /**
   * Past the log, with a sequence that comes after all that waits in it: its source leaves those alone when they come. Until the source has it, readers are told of what waits.
   */
  async #writeThrough({ name, key, params, change }: LoggedWrite): Promise<Appended> {
    const source = this.#keeper.names.get(name)
    if (source === undefined) {
      const text = `The log has no room for a write, and this process knows no source for ${name}.`
      throw new StoreError('TIERCEL_WRITES_FULL', text, { operation: 'append', key })
    }
    const recordKey = keyOfWrite(name, key)
    const { stream, context, emitter } = this.#keeper
    const sequence = await stream.reserve(recordKey)
    const { clock, random } = context.setUp
    const limits = { timeoutMs: this.#carry?.sourceTimeoutMs ?? defaultSourceTimeoutMs, clock, random }
    await writeOne(source, { params, change, sequence }, { signal: this.#ending.signal, limits })
    await stream.supersede(recordKey, sequence)
    if (emitter.isHeard) emitter.emit({ type: 'write.through', name, key, sequence })
    return { source: 'committed', sequence, durability: 'source' }
  }
}
