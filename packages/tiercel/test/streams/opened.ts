import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../src/kernel/clock.ts'
import { Link } from '../../src/stores/link.ts'
import { checkValkeyOptions } from '../../src/stores/valkey-options.ts'
import type { AppendLimits, WaitRules } from '../../src/streams/append-queue.ts'
import type { NewRecord, StreamRecord } from '../../src/streams/record.ts'
import { StreamContext, type StreamSetUp } from '../../src/streams/stream-context.ts'
import type { StreamEvent } from '../../src/streams/stream-event.ts'
import type { CarryFailure, StreamHandler } from '../../src/streams/stream-handler.ts'
import { StreamLog } from '../../src/streams/stream-log.ts'
import { StreamWorker, type WorkerSettings } from '../../src/streams/stream-worker.ts'
import type { Ends } from '../integration/ends.ts'

export const soon = { timeout: 20_000, interval: 10 }
/** Nothing is late because a machine was busy. */
const patience = { timeout: '5s', connectTimeout: '10s' } as const
const noLimits: AppendLimits = { mostRecords: 1_000_000, mostBytes: 64 * 1024 * 1024 }
const noWait: WaitRules = { mostMs: 0, mostWaiting: 10_000 }

export const workerSettings: WorkerSettings = {
  leaseMs: 1_000,
  concurrency: 4,
  batchSize: 100,
  flushEveryMs: 5,
  isCoalescing: false,
  maxTries: 3,
  giveUpAfterMs: Number.POSITIVE_INFINITY,
  backoff: { firstMs: 5, mostMs: 20 },
}

let names = 0

export interface Opened {
  readonly context: StreamContext
  readonly log: StreamLog
  readonly events: StreamEvent[]
  worker(handler: StreamHandler, settings?: Partial<WorkerSettings>): StreamWorker
  /** As another process would see it. */
  again(): Opened
}

export interface OpenOptions extends Partial<Pick<StreamSetUp, 'name' | 'partitions' | 'isIndexed'>> {
  readonly limits?: AppendLimits
  readonly rules?: WaitRules
}

/** A log of its own, unless it is given a name. */
export function openLog(source: object | string, ends: Ends, options: OpenOptions = {}): Opened {
  const { limits = noLimits, rules = noWait, partitions = 4, isIndexed = true } = options
  names += 1
  const name = options.name ?? `log-${names}`
  const [{ connect }, linkOptions] = checkValkeyOptions(source, patience)
  const link = new Link(connect, linkOptions)
  ends.push(() => link.close())
  const context = new StreamContext(link, { name, partitions, isIndexed, clock: systemClock, random: Math.random })
  const events: StreamEvent[] = []
  context.emitter.on((event) => void events.push(event))
  return {
    context,
    events,
    log: new StreamLog(context, limits, rules),
    worker(handler, settings = {}) {
      const worker = new StreamWorker(context, handler, { ...workerSettings, ...settings })
      ends.push(() => worker.close())
      return worker
    },
    again: () => openLog(source, ends, { ...options, name }),
  }
}

export function record(key: string, body: string | number = key): NewRecord {
  return { key, body: Buffer.from(String(body)) }
}

/** A receiver that remembers what it got, and fails as it is told. */
export class Receiver implements StreamHandler {
  readonly got: StreamRecord[] = []
  readonly batches: number[] = []
  readonly given: StreamRecord[] = []
  readonly buriedKeys: string[] = []
  fails: (record: StreamRecord) => Error | undefined = () => undefined
  takesMs = 0

  async carry(records: readonly StreamRecord[]): Promise<readonly (CarryFailure | undefined)[]> {
    this.batches.push(records.length)
    this.given.push(...records)
    if (this.takesMs > 0) await sleep(this.takesMs)
    return records.map((each) => {
      const error = this.fails(each)
      if (error !== undefined) return { error, mayCount: true }
      this.got.push(each)
      return undefined
    })
  }

  groupOf(): string {
    return ''
  }

  async buried({ key }: StreamRecord): Promise<void> {
    this.buriedKeys.push(key)
  }

  bodies(key?: string): string[] {
    return this.got.filter((each) => key === undefined || each.key === key).map(({ body }) => String(body))
  }
}
