import { checkFlag } from '../../cache/policy.ts'
import type { Client } from '../../client/client.ts'
import type { ConnectionOptions } from '../../client/connection-options.ts'
import { type ByteSize, sizeBytes } from '../../kernel/byte-size.ts'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import { type Duration, durationMs } from '../../kernel/duration.ts'
import { UsageError } from '../../kernel/errors.ts'
import { checkOptionNames, oneOf, wholeNumber } from '../../kernel/options.ts'
import { show } from '../../kernel/show.ts'
import type { Source } from '../../sources/source.ts'
import { Link } from '../../stores/link.ts'
import { checkValkeyOptions, type ValkeyStoreOptions } from '../../stores/valkey-options.ts'
import type { AppendLimits, WaitRules } from '../../streams/append-queue.ts'
import { StreamContext } from '../../streams/stream-context.ts'
import { checkLogName } from '../../streams/stream-keys.ts'
import type { WorkerSettings } from '../../streams/stream-worker.ts'

export type AnySource = Source<Readonly<Record<string, unknown>>, unknown>
export type OnFull = 'wait' | 'refuse' | 'through'

/** How writes are carried to their sources. */
export interface CarryOptions {
  /** How old a write may become before it goes in a smaller batch, and half of that how often an idle log is looked at. 1 ms to 1 h. Default: 500 ms. */
  readonly flushEvery?: Duration
  /** How many keys are written together at most. 1 to 10,000. Default: 100. */
  readonly batchSize?: number
  /** Batches under way in this process at a time; one of each partition. 1 to 1,000. Default: 4. */
  readonly concurrency?: number
  /** Whether the newest write of a key in a batch stands for those before it; `false`: the source gets every write. Default: true. */
  readonly coalesce?: boolean
  /** How often a write may be refused while others get through, before it is a dead letter. 1 to 1,000. Default: 5. */
  readonly maxTries?: number
  /** How long a write may fail before it is a dead letter though nothing else got through either. `false`: for ever. Default: `'1d'`. */
  readonly giveUpAfter?: Duration | false
  /** How long a write waits before it is tried a second time; twice as long each time. Default: 200 ms. */
  readonly retryAfter?: Duration
  /** The longest of these waits. Default: `'30s'`. */
  readonly maxRetryAfter?: Duration
  /** What one call of a source may take: then its signal fires, and it has failed. Default: `'30s'`. */
  readonly sourceTimeout?: Duration
  /** How long a partition stays with a worker that is not heard of; at most twice that until another one has it. 200 ms to 10 minutes, the same in all processes. Default: `'5s'`. */
  readonly lease?: Duration
}

export interface LogOptions {
  /** Of the log: lower-case letters, digits, `_`, `-`, `.`; at most 64. */
  readonly name: string
  /** How many orders there are; more let more workers share. For good: all processes of a log have the same number. 1 to 1,024. Default: 16. */
  readonly partitions?: number
  /** What one step on the server may take. Default: 1 s. */
  readonly timeout?: Duration
  /** What the first calls may wait for the first link. Default: 5 s. */
  readonly connectTimeout?: Duration
  /** With a URL: how the link is made and kept. */
  readonly connection?: ConnectionOptions
  /** The server of the cache, where that is another one: a live client, or a URL. What is given up is deleted there. Default: the log's. */
  readonly entriesOn?: Client | object | string | URL
  readonly clock?: Clock
  /** 0 to 1; what is left to chance. Default: `Math.random`. */
  readonly random?: () => number
}

export interface WriteBehindOptions extends LogOptions {
  /** How many writes may wait for the source, shared out evenly among partitions. 1 to 1,000,000,000. Default: 100,000. */
  readonly maxPending?: number
  /** How many bytes of them, shared out as well: a single write must fit into its share. Default: `'64mb'`. */
  readonly maxPendingBytes?: ByteSize
  /**
   * What a call is told when there is no room. Nothing that was acknowledged is ever trimmed. Default: `'refuse'`.
   *
   * - `refuse`: `TIERCEL_WRITES_FULL`.
   * - `wait`: nothing, until there is room, at most for `waitFor`; in order.
   * - `through`: it waits for the source, which gets the write with a sequence of the log. Only for sources that say `checksSequences`.
   */
  readonly onFull?: OnFull
  /** With `onFull: 'wait'`. Default: `'10s'`. */
  readonly waitFor?: Duration
  /** How many replicas must have an append before it is acknowledged (`WAIT`). 0 to 100. Default: 0. */
  readonly replicas?: number
  /** How the worker of this process carries writes; it begins with the first source. `false`: others do. */
  readonly worker?: CarryOptions | false
}

export interface WriteBehindWorkerOptions extends LogOptions, CarryOptions {
  /** By name: where writes go. All workers of a log know all its sources. */
  readonly sources: Readonly<Record<string, AnySource>>
}

const logNames = ['name', 'partitions', 'timeout', 'connectTimeout', 'connection', 'entriesOn', 'clock', 'random']
const carryNames = [
  ...['flushEvery', 'batchSize', 'concurrency', 'coalesce', 'maxTries', 'giveUpAfter'],
  ...['retryAfter', 'maxRetryAfter', 'sourceTimeout', 'lease'],
]
const ownNames = ['maxPending', 'maxPendingBytes', 'onFull', 'waitFor', 'replicas', 'worker']

export interface CheckedCarry extends WorkerSettings {
  readonly sourceTimeoutMs: number
}

export interface CheckedLog {
  readonly context: StreamContext
  /** Where entries are. */
  readonly entries: StreamContext['link']
  readonly limits: AppendLimits
  readonly rules: WaitRules
  readonly onFull: OnFull
  readonly replicas: number
}

/** How many callers may wait for room, in one partition of one process. */
const mostWaiting = 10_000

type Given = Client | object | string | URL

/** @throws {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} {TIERCEL_CLIENT_UNKNOWN} {TIERCEL_UNSUPPORTED} */
export function checkLog(client: Given, options: WriteBehindOptions): CheckedLog {
  checkOptionNames(options, [...logNames, ...ownNames], 'createWriteBehind')
  const partitions = wholeNumber(options.partitions ?? 16, 1, 1_024, 'partitions')
  const share = (all: number): number => Math.ceil(all / partitions)
  const onFull = oneOf(options.onFull ?? 'refuse', ['wait', 'refuse', 'through'], 'onFull')
  const waitForMs = durationMs(options.waitFor ?? '10s', 'waitFor')
  const limits = {
    mostRecords: share(wholeNumber(options.maxPending ?? 100_000, 1, 1_000_000_000, 'maxPending')),
    mostBytes: share(sizeBytes(options.maxPendingBytes ?? '64mb', 'maxPendingBytes')),
  }
  const replicas = wholeNumber(options.replicas ?? 0, 0, 100, 'replicas')
  return {
    ...open(client, options, partitions),
    limits,
    rules: { mostMs: onFull === 'wait' ? waitForMs : 0, mostWaiting },
    onFull,
    replicas,
  }
}

/** Of a worker alone: it appends nothing but what is replayed. */
export function checkWorker(client: Given, options: WriteBehindWorkerOptions): readonly [CheckedLog, CheckedCarry] {
  checkOptionNames(options, [...logNames, ...carryNames, 'sources'], 'createWriteBehindWorker')
  if (typeof options.sources !== 'object' || options.sources === null || Object.keys(options.sources).length === 0) {
    throw new UsageError(
      'TIERCEL_INVALID_OPTION',
      `sources: ${show(options.sources)} is not allowed. Allowed: an object with a source for each name.`,
    )
  }
  const own = Object.fromEntries(Object.entries(options).filter(([name]) => logNames.includes(name))) as unknown as LogOptions
  return [checkLog(client, own), carrySettings(options, '')]
}

export function checkCarry(options: CarryOptions): CheckedCarry {
  checkOptionNames(options, carryNames, 'createWriteBehind: worker')
  return carrySettings(options, 'worker.')
}

function carrySettings(options: CarryOptions, at: string): CheckedCarry {
  const { coalesce = true, giveUpAfter = '1d' } = options
  const leaseMs = durationMs(options.lease ?? '5s', `${at}lease`, 600_000)
  if (leaseMs < 200)
    throw new UsageError('TIERCEL_INVALID_OPTION', `${at}lease: ${leaseMs} ms is not allowed. Allowed: 200 ms to 10 minutes.`)
  return {
    flushEveryMs: durationMs(options.flushEvery ?? 500, `${at}flushEvery`, 3_600_000),
    batchSize: wholeNumber(options.batchSize ?? 100, 1, 10_000, `${at}batchSize`),
    concurrency: wholeNumber(options.concurrency ?? 4, 1, 1_000, `${at}concurrency`),
    isCoalescing: checkFlag(coalesce, `${at}coalesce`),
    maxTries: wholeNumber(options.maxTries ?? 5, 1, 1_000, `${at}maxTries`),
    giveUpAfterMs: giveUpAfter === false ? Number.POSITIVE_INFINITY : durationMs(giveUpAfter, `${at}giveUpAfter`),
    backoff: {
      firstMs: durationMs(options.retryAfter ?? 200, `${at}retryAfter`),
      mostMs: durationMs(options.maxRetryAfter ?? '30s', `${at}maxRetryAfter`),
    },
    sourceTimeoutMs: durationMs(options.sourceTimeout ?? '30s', `${at}sourceTimeout`),
    leaseMs,
  }
}

function open(client: Given, options: LogOptions, partitions: number): Pick<CheckedLog, 'context' | 'entries'> {
  const { timeout = 1_000, connectTimeout = 5_000, connection, clock = systemClock, random = Math.random } = options
  const base: ValkeyStoreOptions = { timeout, connectTimeout, clock, random }
  const linkTo = (source: Given, own: ValkeyStoreOptions): Link => {
    const [{ connect }, linkOptions] = checkValkeyOptions(source, own)
    return new Link(connect, linkOptions)
  }
  const name = checkLogName(options.name)
  const link = linkTo(client, connection === undefined ? base : { ...base, connection })
  const context = new StreamContext(link, { name, partitions, isIndexed: true, clock, random })
  return { context, entries: options.entriesOn === undefined ? link : linkTo(options.entriesOn, base) }
}
