import { CodecError, StoreError } from '../kernel/errors.ts'
import { appendScript } from './append-scripts.ts'
import { backoffMs } from './backoff.ts'
import type { NewRecord } from './record.ts'
import type { StreamContext } from './stream-context.ts'
import type { PartitionKeys } from './stream-keys.ts'

/** Of each partition. */
export interface AppendLimits {
  readonly mostRecords: number
  readonly mostBytes: number
}

export interface WaitRules {
  /** How long one may wait for its place; 0: it does not wait. */
  readonly mostMs: number
  /** How many may wait in this process, for room or for their turn. */
  readonly mostWaiting: number
}

interface Waiting {
  readonly record: NewRecord
  readonly sinceMs: number
  isWaiting: boolean
  resolve(sequence: number | undefined): void
  reject(error: unknown): void
}

/** One call of a script keeps all others of its server waiting. */
const mostPerCall = 200
const mostBytesPerCall = 512 * 1024
const retryPause = { firstMs: 10, mostMs: 200 }

/**
 * Appends to one partition, in the order in which it is asked: those of one turn of the event loop leave together, and those that are asked for while some are on
 * their way leave together after them, so that none overtakes another, also where the first ones have to wait for room.
 */
export class AppendQueue {
  readonly #context: StreamContext
  readonly #keys: PartitionKeys
  readonly #limits: AppendLimits
  readonly #rules: WaitRules
  readonly #queue: Waiting[] = []
  #isPumping = false
  #mayWait = true

  constructor(
    context: StreamContext,
    keys: PartitionKeys,
    { limits, rules }: { readonly limits: AppendLimits; readonly rules: WaitRules },
  ) {
    this.#context = context
    this.#keys = keys
    this.#limits = limits
    this.#rules = rules
  }

  /**
   * @returns its sequence; `undefined`: the partition is full, and nothing was appended
   * @throws {TIERCEL_VALUE_TOO_LARGE} it would not fit into an empty partition
   */
  append(record: NewRecord): Promise<number | undefined> {
    const bytes = sizeOf(record)
    if (bytes > this.#limits.mostBytes) {
      const text = `A record takes ${bytes} bytes, and its partition may hold ${this.#limits.mostBytes}. Log a smaller value, or raise the limit.`
      return Promise.reject(new CodecError('TIERCEL_VALUE_TOO_LARGE', text))
    }
    if (this.#queue.length >= this.#rules.mostWaiting) {
      this.#tellFull(record.key, 'refused')
      return Promise.resolve(undefined)
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ record, sinceMs: this.#context.monotonicMs(), isWaiting: false, resolve, reject })
      if (this.#isPumping) return
      this.#isPumping = true
      process.nextTick(() => void this.#pump())
    })
  }

  /** All that wait for room wait no more, now and later. */
  giveUp(): void {
    this.#mayWait = false
    for (const { resolve } of this.#queue.splice(0)) resolve(undefined)
  }

  async #pump(): Promise<void> {
    let failures = 0
    while (this.#queue.length > 0) {
      const batch = this.#take()
      const refused = await this.#send(batch)
      this.#refuse(refused)
      failures = refused.length === 0 || refused.length < batch.length ? 0 : failures + 1
      if (refused.length > 0 && this.#queue.length > 0) await this.#pause(failures)
    }
    this.#isPumping = false
  }

  #take(): Waiting[] {
    let count = 0
    for (let bytes = 0; count < Math.min(this.#queue.length, mostPerCall); count += 1) {
      bytes += sizeOf((this.#queue[count] as Waiting).record)
      if (bytes > mostBytesPerCall && count > 0) break
    }
    return this.#queue.splice(0, count)
  }

  /** @returns those for which there is no room */
  async #send(batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    try {
      const reply = await this.#context.scripts.runOne('append', (notAfterMs) => ({
        script: appendScript,
        keys: [this.#keys.stream, this.#keys.meta, this.#keys.pending],
        args: [
          String(notAfterMs),
          this.#context.setUp.isIndexed ? '1' : '0',
          String(this.#limits.mostRecords),
          String(this.#limits.mostBytes),
          ...batch.flatMap(({ record }) => [record.key, record.body]),
        ],
      }))
      if (!Array.isArray(reply)) throw this.#context.link.lateError('append')
      const sequences = reply.map(Number)
      return batch.filter((waiting, at) => {
        const sequence = sequences[at] as number
        if (sequence > 0) waiting.resolve(sequence)
        return sequence === 0
      })
    } catch (error) {
      for (const { reject } of batch) reject(error)
      return []
    }
  }

  /** To the front again, those that may wait on. */
  #refuse(refused: readonly Waiting[]): void {
    const nowMs = this.#context.monotonicMs()
    const kept: Waiting[] = []
    for (const waiting of refused) {
      const mayWait = this.#mayWait && nowMs - waiting.sinceMs < this.#rules.mostMs
      if (mayWait) kept.push(waiting)
      if (!mayWait || !waiting.isWaiting) this.#tellFull(waiting.record.key, mayWait ? 'waits' : 'refused')
      waiting.isWaiting = mayWait
      if (!mayWait) waiting.resolve(undefined)
    }
    this.#queue.unshift(...kept)
  }

  #tellFull(key: string, kind: 'waits' | 'refused'): void {
    const { emitter } = this.#context
    if (emitter.isHeard) emitter.emit({ type: 'append.full', partition: this.#keys.partition, key, kind })
  }

  #pause(failures: number): Promise<void> {
    const ms = backoffMs(retryPause, failures + 1, this.#context.setUp.random())
    return new Promise((resolve) => void this.#context.after(ms, resolve))
  }
}

function sizeOf({ key, body }: NewRecord): number {
  return Buffer.byteLength(key) + body.length
}

export function closedLog(): StoreError {
  return new StoreError('TIERCEL_CLOSED', 'The log was closed.')
}
