import { type Clock, startTimer } from '../kernel/clock.ts'
import { UsageError } from '../kernel/errors.ts'
import type { Link } from '../stores/link.ts'
import { ScriptRunner } from '../stores/script-runner.ts'
import { Emitter } from '../telemetry/emitter.ts'
import type { StreamEvent } from './stream-event.ts'
import { configKey, type PartitionKeys, partitionKeys, partitionOf } from './stream-keys.ts'

export interface StreamSetUp {
  readonly name: string
  readonly partitions: number
  /** Whether the newest record of a key is found by its key, until it is settled. */
  readonly isIndexed: boolean
  readonly clock: Clock
  readonly random: () => number
}

/** What those who append to a log and those who carry its records share in a process. */
export class StreamContext {
  readonly setUp: StreamSetUp
  readonly link: Link
  readonly scripts: ScriptRunner
  readonly emitter: Emitter<StreamEvent> = new Emitter<StreamEvent>()
  readonly partitions: readonly PartitionKeys[]
  #check: Promise<void> | undefined

  constructor(link: Link, setUp: StreamSetUp) {
    this.setUp = setUp
    this.link = link
    this.scripts = new ScriptRunner(link)
    this.partitions = Array.from({ length: setUp.partitions }, (_, partition) => partitionKeys(setUp.name, partition))
  }

  of(key: string): PartitionKeys {
    return this.partitions[partitionOf(key, this.partitions.length)] as PartitionKeys
  }

  /**
   * That all processes count as many partitions: else a key would have two orders. Asked once; a check that failed is done again.
   *
   * @throws {TIERCEL_INVALID_OPTION} the log was made with another number
   */
  check(): Promise<void> {
    this.#check ??= this.#compare().catch((error) => {
      if (!(error instanceof UsageError)) this.#check = undefined
      throw error
    })
    return this.#check
  }

  failed(operation: string, error: unknown): void {
    if (this.emitter.isHeard) this.emitter.emit({ type: 'step.failed', operation, error })
  }

  monotonicMs(): number {
    return this.setUp.clock.monotonicMs()
  }

  /** It keeps no process alive. */
  after(ms: number, onExpire: () => void): { cancel(): void } {
    return startTimer(this.setUp.clock, ms, onExpire)
  }

  async #compare(): Promise<void> {
    const { name, partitions } = this.setUp
    const key = configKey(name)
    const found = await this.link.send({ words: ['SET', key, String(partitions), 'NX', 'GET'], key }, 'open')
    if (found === null || String(found) === String(partitions)) return
    const text = `partitions: the log ${name} has ${String(found)}, not ${partitions}. All processes of a log have the same number.`
    throw new UsageError('TIERCEL_INVALID_OPTION', text)
  }
}
