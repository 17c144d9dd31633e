import type { Reply } from '../client/client.ts'
import { type AppendLimits, AppendQueue, type WaitRules } from './append-queue.ts'
import { inspectScript, pendingScript, reserveScript, supersedeScript } from './append-scripts.ts'
import type { NewRecord } from './record.ts'
import type { StreamContext } from './stream-context.ts'
import type { PartitionKeys } from './stream-keys.ts'

/** Of the whole log and all processes, since its keys were made. */
export interface StreamStats {
  /** Records that nobody has settled, and what their keys and bodies take. */
  readonly depth: number
  readonly bytes: number
  /** Of the oldest of them, in ms; 0 without any. */
  readonly oldestAgeMs: number
  readonly appended: number
  readonly settled: number
  /** Failures after which a record came again. */
  readonly retried: number
  /** Records that were given up, and those of them that are still there to be looked at. */
  readonly died: number
  readonly deadLetters: number
}

/**
 * The way into a partitioned stream: records are in the partition of their key, and come out in the order of their sequences.
 *
 * An append whose answer was lost is not sent again: whether it is in the log is not known, and its caller is told so. When it is appended twice because the caller
 * tries again, both are in the order in which he sent them. The server refuses to append what its sender has given up waiting for.
 */
export class StreamLog {
  readonly #context: StreamContext
  readonly #queues: readonly AppendQueue[]

  constructor(context: StreamContext, limits: AppendLimits, rules: WaitRules) {
    this.#context = context
    this.#queues = context.partitions.map((keys) => new AppendQueue(context, keys, { limits, rules }))
  }

  /**
   * @returns its sequence; `undefined`: there is no room, and nothing was appended
   * @throws {TIERCEL_STORE_UNAVAILABLE} whether it was appended is not known, as with {TIERCEL_SERVER_ERROR}; {TIERCEL_STORE_DEADLINE} it may have been until then, and will not be later
   * @throws {TIERCEL_VALUE_TOO_LARGE} {TIERCEL_INVALID_OPTION}
   * @remarks One round trip; one more the first time.
   */
  async append(record: NewRecord): Promise<number | undefined> {
    await this.#context.check()
    return (this.#queues[this.#context.of(record.key).partition] as AppendQueue).append(record)
  }

  /** The newest record of a key that nobody has settled, where they are indexed. One round trip. */
  async newest(key: string): Promise<{ readonly sequence: number; readonly body: Buffer } | undefined> {
    const { stream, pending } = this.#context.of(key)
    const call = { script: pendingScript, keys: [stream, pending], args: [key] }
    const reply = await this.#context.scripts.runOne('pending', () => call, true)
    if (!Array.isArray(reply)) return undefined
    return { sequence: Number(reply[0]), body: reply[1] as Buffer }
  }

  /** A sequence of a key's partition, larger than those of all its records. One round trip. */
  async reserve(key: string): Promise<number> {
    const call = { script: reserveScript, keys: [this.#context.of(key).meta], args: [] }
    return Number(await this.#context.scripts.runOne('reserve', () => call))
  }

  /** What the index has of the key is older than what is done by now: it is not the newest any more. One round trip. */
  async supersede(key: string, sequence: number): Promise<void> {
    const call = { script: supersedeScript, keys: [this.#context.of(key).pending], args: [key, String(sequence)] }
    await this.#context.scripts.runOne('supersede', () => call, true)
  }

  /** One round trip, with a call for each partition. */
  async stats(): Promise<StreamStats> {
    const calls = this.#context.partitions.map(({ stream, meta, dead }: PartitionKeys) => ({
      script: inspectScript,
      keys: [stream, meta, dead],
      args: [],
    }))
    const replies = await this.#context.scripts.runEach(calls, 'stats', true)
    const rows = replies.map((reply: Reply | Error) => {
      if (reply instanceof Error) throw reply
      return (reply as Reply[]).map(Number)
    })
    const sum = (at: number): number => rows.reduce((all, row) => all + (row[at] ?? 0), 0)
    return {
      depth: sum(0),
      bytes: sum(1),
      oldestAgeMs: Math.max(0, ...rows.map((row) => row[2] ?? 0)) / 1_000,
      appended: sum(3),
      settled: sum(4),
      retried: sum(5),
      died: sum(6),
      deadLetters: sum(7),
    }
  }

  /** Nobody waits for room any more. */
  giveUp(): void {
    for (const queue of this.#queues) queue.giveUp()
  }
}
