import { adaptClient } from '../client/adapt.ts'
import type { Client } from '../client/client.ts'
import { connectTo } from '../client/connect.ts'
import { type ConnectionOptions, checkConnection } from '../client/connection-options.ts'
import type { AdapterOptions } from '../client/replica-nodes.ts'
import { type ByteSize, sizeBytes } from '../kernel/byte-size.ts'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { type Duration, durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames, fraction, oneOf, wholeNumber } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import type { BreakerSettings } from '../resilience/breaker.ts'
import type { AdmissionLimits } from './gate.ts'
import type { LinkOptions } from './link.ts'

export interface ValkeyStoreOptions {
  /**
   * What the cache waits for the server before it goes on without it: for one step, and for all steps of a call before its loader together. Well over two round
   * trips. 1 ms to 10 years. Default: 50 ms.
   */
  readonly timeout?: Duration
  /** What the first calls may wait for the first link, together and once. Default: 500 ms. */
  readonly connectTimeout?: Duration
  /** With a URL: how the link is made and kept. A live client has options of its own. */
  readonly connection?: ConnectionOptions
  /**
   * Whether values may be read from replicas that are proven to lag by at most `maxLag`. What this process has changed, or heard of, within that time is read
   * from the primary; so are tags, and everything with `exact`. Default: `'primary'`.
   */
  readonly readFrom?: 'primary' | 'replica'
  /** With `readFrom: 'replica'`: by how much what others changed may be late. 20 ms to 1 h. Default: 1 s. */
  readonly maxLag?: Duration
  /** With `readFrom: 'replica'`, and no cluster, whose client knows them: live clients of the replicas, of the same package; they stay yours. */
  readonly replicas?: readonly object[]
  /** When a server that fails is left alone. `false`: never. */
  readonly breaker?: BreakerOptions | false
  /** What may wait for answers of the server at a time; more is refused. */
  readonly admission?: AdmissionOptions
  /** Reads whose answer was lost with a link are sent once more within their budget, at most so many per read that succeeds. 0 to 1. Default: 0.1. */
  readonly retryShare?: number
  readonly clock?: Clock
  /** 0 to 1; what is left to chance. Default: `Math.random`. */
  readonly random?: () => number
}

/** When a circuit breaker opens and closes; there is one for each node. */
export interface BreakerOptions {
  /** Over how long calls are counted. 100 ms to 10 minutes. Default: 10 s. */
  readonly window?: Duration
  /** Fewer calls in the window than that say nothing. 1 to 100,000. Default: 10. */
  readonly minimumCalls?: number
  /** The share of calls that failed at which it opens: took longer than `timeout`, or were answered with LOADING, BUSY, CLUSTERDOWN or MASTERDOWN. When all of them fail it opens after 20 times `slowAfter`, however many succeeded before. 0.01 to 1. Default: 0.5. */
  readonly failureRatio?: number
  /** The share of calls that were slow, or failed, at which it opens. 0.01 to 1. Default: 0.9. */
  readonly slowRatio?: number
  /** From when on a call is slow. 1 ms or more. Default: 0.8 of `timeout`. */
  readonly slowAfter?: Duration
  /** About how long it is open before the first probe. 10 ms to 1 minute. Default: 500 ms. */
  readonly openFor?: Duration
  /** How long a server that fails again and again has to answer probes before it is asked again; half of that the first time. Up to 10 minutes. Default: 30 s. */
  readonly maxOpenFor?: Duration
  /** How many calls have to succeed before it closes. 1 to 1,000. Default: 5. */
  readonly trialCalls?: number
}

export interface AdmissionOptions {
  /** Commands; one MGET is one. 1 to 10,000,000. Default: 50,000. */
  readonly maxCommands?: number
  /** Bytes of their keys and values. Default: `'128mb'`. */
  readonly maxBytes?: ByteSize
}

const optionNames = [
  ...['timeout', 'connectTimeout', 'connection', 'readFrom', 'maxLag', 'replicas'],
  ...['breaker', 'admission', 'retryShare', 'clock', 'random'],
]
const breakerOptionNames = ['window', 'minimumCalls', 'failureRatio', 'slowRatio', 'slowAfter', 'openFor', 'maxOpenFor', 'trialCalls']

/** How a store reaches its server. */
export interface Connector {
  readonly connect: () => Promise<Client>
  readonly readLagMs: number
}

/** @throws {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} {TIERCEL_CLIENT_UNKNOWN} {TIERCEL_UNSUPPORTED} */
export function checkValkeyOptions(source: Client | object | string | URL, options: ValkeyStoreOptions): [Connector, LinkOptions] {
  checkOptionNames(options, optionNames, 'valkeyStore')
  const timeoutMs = durationMs(options.timeout ?? 50, 'timeout')
  const link: LinkOptions = {
    timeoutMs,
    connectTimeoutMs: durationMs(options.connectTimeout ?? 500, 'connectTimeout'),
    breaker: options.breaker === false ? undefined : breakerSettings(options.breaker ?? {}, timeoutMs),
    admission: admissionLimits(options.admission ?? {}),
    retryShare: fraction(options.retryShare ?? 0.1, 'retryShare'),
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  }
  return [connector(source, adapterOptions(options), options.connection), link]
}

function breakerSettings(options: BreakerOptions, timeoutMs: number): BreakerSettings {
  checkOptionNames(options, breakerOptionNames, 'breaker')
  return {
    windowMs: between(options.window ?? '10s', 100, 600_000, 'breaker.window'),
    minimumCalls: wholeNumber(options.minimumCalls ?? 10, 1, 100_000, 'breaker.minimumCalls'),
    failureRatio: ratio(options.failureRatio ?? 0.5, 'breaker.failureRatio'),
    slowRatio: ratio(options.slowRatio ?? 0.9, 'breaker.slowRatio'),
    slowMs: options.slowAfter === undefined ? Math.max(1, timeoutMs * 0.8) : durationMs(options.slowAfter, 'breaker.slowAfter'),
    openMs: between(options.openFor ?? 500, 10, 60_000, 'breaker.openFor'),
    maxOpenMs: between(options.maxOpenFor ?? '30s', 10, 600_000, 'breaker.maxOpenFor'),
    trialCalls: wholeNumber(options.trialCalls ?? 5, 1, 1_000, 'breaker.trialCalls'),
  }
}

function admissionLimits(options: AdmissionOptions): AdmissionLimits {
  checkOptionNames(options, ['maxCommands', 'maxBytes'], 'admission')
  return {
    maxCommands: wholeNumber(options.maxCommands ?? 50_000, 1, 10_000_000, 'admission.maxCommands'),
    maxBytes: sizeBytes(options.maxBytes ?? '128mb', 'admission.maxBytes'),
  }
}

const leastRatio = 0.01

function ratio(given: number, option: string): number {
  if (typeof given === 'number' && given >= leastRatio && given <= 1) return given
  throw new UsageError('TIERCEL_INVALID_OPTION', `${option}: ${show(given)} is not allowed. Allowed: a number from ${leastRatio} to 1.`)
}

function between(given: Duration, leastMs: number, mostMs: number, option: string): number {
  const lengthMs = durationMs(given, option)
  if (lengthMs >= leastMs && lengthMs <= mostMs) return lengthMs
  throw new UsageError('TIERCEL_INVALID_OPTION', `${option}: ${show(given)} is not allowed. Allowed: ${leastMs} ms to ${mostMs / 1_000} s.`)
}

function adapterOptions({ readFrom = 'primary', maxLag, replicas }: ValkeyStoreOptions): AdapterOptions {
  if (oneOf(readFrom, ['primary', 'replica'], 'readFrom') === 'replica') {
    return { readFromReplicas: { ...(maxLag !== undefined && { maxLag }), ...(replicas !== undefined && { replicas }) } }
  }
  if (maxLag === undefined && replicas === undefined) return {}
  throw new UsageError('TIERCEL_INVALID_OPTION', "maxLag and replicas: they need readFrom: 'replica'.")
}

function connector(source: Client | object | string | URL, options: AdapterOptions, given: ConnectionOptions | undefined): Connector {
  if (typeof source === 'string' || source instanceof URL) {
    const connection = checkConnection(source, given)
    if (options.readFromReplicas === undefined) return { connect: () => connectTo(connection), readLagMs: 0 }
    throw new UsageError('TIERCEL_INVALID_OPTION', "readFrom: 'replica' needs a live client, not a URL: replicas are other servers.")
  }
  const client = adaptClient(source, options)
  if (given !== undefined) throw notOurs(client)
  return { connect: async () => client, readLagMs: client.readLagMs }
}

/** Where the options of a live client are given, by the name of its package. */
const ownOptions: Readonly<Record<string, string>> = {
  'node-redis': 'createClient({ username, password, database, name, pingInterval, socket })',
  ioredis: 'new Redis({ username, password, db, connectionName, keepAlive, connectTimeout, tls })',
  iovalkey: 'new Redis({ username, password, db, connectionName, keepAlive, connectTimeout, tls })',
  glide: 'GlideClient.createClient({ credentials, databaseId, clientName, useTLS, advancedConfiguration })',
}

function notOurs({ name }: Client): UsageError {
  const text = `connection: a live client is made and kept by you. Give such options to ${ownOptions[name] ?? 'it'}, or hand in a URL.`
  return new UsageError('TIERCEL_UNSUPPORTED', text)
}
