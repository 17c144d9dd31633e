import { type FormatOptions, formatOptionNames, valueFormat } from '../codecs/format-options.ts'
import type { ValueSharing } from '../codecs/holding.ts'
import type { ChangeListener } from '../coherence/changes.ts'
import { type CoherenceOptions, checkCoherence } from '../coherence/coherence-options.ts'
import { Journal } from '../coherence/journal.ts'
import { linkStore } from '../coherence/linked-store.ts'
import { Proof } from '../coherence/proof.ts'
import { type ByteSize, sizeBytes } from '../kernel/byte-size.ts'
import { type Clock, coarseClock, systemClock } from '../kernel/clock.ts'
import { type Duration, durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames, oneOf, wholeNumber } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import { Bulkhead, type BulkheadLimits } from '../resilience/bulkhead.ts'
import { deadlinesOf } from '../resilience/deadline.ts'
import type { BreakerChange } from '../stores/gates.ts'
import { Arena, type PolicyName, policyNames } from '../stores/memory/arena.ts'
import { never } from '../stores/memory/expiry-wheel.ts'
import type { Store } from '../stores/store.ts'
import { Emitter } from '../telemetry/emitter.ts'
import { Counters } from '../telemetry/stats.ts'
import type { Cache } from './cache.ts'
import { Background, type Core } from './core.ts'
import { LeaseReturns } from './lease-returns.ts'
import type { PolicyOptions } from './options.ts'
import { cachePolicy, policyOptionNames } from './policy.ts'
import { revalidateAll } from './revalidate-all.ts'
import { busRoot, entryRoot, tagRoot } from './scope.ts'
import { rootName, Scopes } from './scopes.ts'
import { TieredCache } from './tiered-cache.ts'

export interface CacheOptions extends PolicyOptions, FormatOptions {
  /** Keeps this cache's keys apart from others on the same server. 1 to 200 characters. Default: none. */
  readonly namespace?: string
  /** This process's memory. `false`: none. Default: at most `'64mb'`. */
  readonly l1?: L1Options | false
  /** The store behind it, such as `valkeyStore(client)`. Default: none. */
  readonly l2?: Store
  /**
   * How long the right to load a key is taken for; renewed while the loader runs. It is what others wait for when the process that loads dies.
   * 100 ms to 10 minutes. Default: `'10s'`.
   */
  readonly lease?: Duration
  /**
   * How many loaders run at a time, and how many more wait for their turn; what is beyond that is refused, or served stale. Before Node 24 it makes every promise of the
   * process dearer, as any `AsyncLocalStorage` does: a load within a load has to be known. Default: no limit.
   */
  readonly loads?: LoadLimits
  /** How this process keeps its own copies in step with the others. */
  readonly coherence?: CoherenceOptions
  /**
   * What callers are handed: `'freeze'`, one frozen value for all; `'clone'`, a copy each (costs a `structuredClone` per hit);
   * `'share'`, one value for all that nobody may change. With `'freeze'`, Maps, Sets and Dates refuse to change as well; a value with
   * something in it that cannot be frozen, such as bytes, is decoded for each caller. Default: `'freeze'`.
   */
  readonly values?: ValueSharing
  /**
   * Is handed a promise for work that goes on after a call has its answer: a refresh, a value on its way to L2. For hosts that freeze a process
   * after its response, such as serverless ones. Default: none; `idle` and `close` wait for such work in any case.
   */
  readonly waitUntil?: (work: Promise<unknown>) => void
  /** Time, for tests. Default: the system's. */
  readonly clock?: Clock
  /** Chance for `jitter` and `beta`, 0 to 1, for tests. Default: `Math.random`. */
  readonly random?: () => number
}

export interface LoadLimits {
  /** Loaders that run at a time; one call of `loadMany` is one, and one that is called within another does not count. 1 to 1,000,000. Default: 1,000. */
  readonly maxRunning?: number
  /** Those that wait. 0 to 1,000,000. Default: 10,000. */
  readonly maxWaiting?: number
}

export interface L1Options {
  /** At most this many entries, 1 to 2³⁰. Default: no limit beside `maxBytes`. */
  readonly maxEntries?: number
  /** At most this many bytes of keys and encoded values together. Default: `'64mb'`, or none when `maxEntries` is given. */
  readonly maxBytes?: ByteSize
  /**
   * Who leaves when there is no room: `'w-tinylfu'`, who is asked for least by recency and frequency; `'lru'`, the least recently used.
   * Below 16 `maxEntries` both are `'lru'`. Default: `'w-tinylfu'`.
   */
  readonly policy?: PolicyName
  /** Makes two runs of the same calls keep the same entries: a whole number, 0 to 2³² − 1. Default: chosen by chance, once per process. */
  readonly seed?: number
}

const ownOptionNames = ['namespace', 'l1', 'l2', 'lease', 'loads', 'coherence', 'values', 'waitUntil', 'clock', 'random']
const optionNames = [...ownOptionNames, ...policyOptionNames, ...formatOptionNames]
const storeMembers = [
  'get',
  'getMany',
  'claim',
  'swap',
  'setMany',
  'deleteMany',
  'fence',
  'snap',
  'ageTags',
  'getHead',
  'overwrite',
  'ready',
  'nowMs',
  'close',
]
const shortestLeaseMs = 100
const longestLeaseMs = 600_000

/**
 * A cache on this process's memory (L1), on Valkey (L2), or on both.
 *
 * Nothing is sent before the first call, and a server that is away does not keep it from being created.
 *
 * @throws {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION}
 * @example
 * const cache = createCache({ namespace: 'shop', l2: valkeyStore(client), ttl: '5m' })
 * const product = await cache.getOrSet(['product', id], () => db.product(id))
 */
export function createCache(options: CacheOptions = {}): Cache {
  checkOptionNames(options, optionNames, 'createCache')
  if (options.l1 === false && options.l2 === undefined) {
    throw new UsageError('TIERCEL_INVALID_OPTION', 'createCache: without l1 and l2 there is nowhere to keep a value. Give at least one.')
  }
  const sharing = oneOf(options.values ?? 'freeze', ['freeze', 'share', 'clone'], 'values')
  const clock = options.clock ?? systemClock
  const random = options.random ?? Math.random
  const nowMs = clock === systemClock ? coarseClock(clock) : () => clock.monotonicMs()
  const pace = { clock, nowMs, random }
  const emitter = new Emitter()
  const l1 = options.l1 === false ? undefined : createL1(options.l1 ?? {}, nowMs, emitter)
  const leaseMs = checkLease(options.lease ?? '10s')
  const coherence = checkCoherence(options.coherence ?? {})
  const proof = new Proof(coherence.maxStalenessMs)
  let links = 0
  const root = rootName(options.namespace)
  const names = { prefixes: [entryRoot + root, tagRoot + root], channel: busRoot + root }
  const listener: ChangeListener = {
    onChange: (keys) => scopes.touch(keys),
    onLink: (isUp) => {
      if (emitter.isHeard) emitter.emit({ type: isUp ? 'link.up' : 'link.down' })
      links += 1
      const link = links
      if (isUp && l1 !== undefined) void revalidateAll(core, scopes, pace, link === 1, () => links === link && !core.isClosed)
    },
    onRefused: (error) => {
      if (emitter.isHeard) emitter.emit({ type: 'link.refused', error })
    },
  }
  const linked = options.l2 === undefined ? undefined : linkStore(checkStore(options.l2), coherence, names, { proof, listener, pace })
  const l2 = linked?.store
  if (l2 === undefined) proof.proveForEver()
  const journal = l2 === undefined ? undefined : new Journal(l2, coherence.journalKeys, pace)
  const isQueued = (key: string, sentAtMs: number): boolean => journal?.holds(key, sentAtMs) ?? false
  const format = valueFormat(options, sharing)
  const scopes = new Scopes(l1, { l2, proof, nowMs, isQueued, canClear: format.hasHeader })
  const first = scopes.first(options.namespace)
  const core: Core = {
    l1,
    l2,
    changes: linked?.changes,
    proof,
    journal,
    serveStaleForMs: coherence.serveStaleForMs,
    format,
    policy: cachePolicy(policyOf(options)),
    leaseMs,
    leases: l2 === undefined ? undefined : new LeaseReturns(l2, leaseMs, pace),
    sharing,
    counters: new Counters(),
    emitter,
    readLagMs: l2?.readLagMs ?? 0,
    nowMs,
    clock,
    startDeadline: deadlinesOf(clock),
    deadlineNowMs: clock.after === undefined ? () => performance.now() : () => clock.monotonicMs(),
    random,
    loads: options.loads === undefined ? undefined : new Bulkhead(checkLoads(options.loads)),
    background: new Background(checkHook(options.waitUntil)),
    isClosed: false,
    closing: undefined,
    isQueued,
  }
  l2?.onBreaker?.((change) => reportBreaker(core, change))
  l2?.onAdvice?.((found) => {
    if (emitter.isHeard) for (const advice of found) emitter.emit({ type: 'advice.given', ...advice })
  })
  return new TieredCache(core, scopes, first)
}

/** Those of a cache's options that a call may override. */
function policyOf(options: CacheOptions): PolicyOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => policyOptionNames.includes(name)))
}

function checkLease(given: Duration): number {
  const lengthMs = durationMs(given, 'lease')
  if (lengthMs >= shortestLeaseMs && lengthMs <= longestLeaseMs) return lengthMs
  throw new UsageError('TIERCEL_INVALID_OPTION', `lease: ${show(given)} is not allowed. Allowed: 100 ms to 10 minutes.`)
}

function checkLoads(given: LoadLimits): BulkheadLimits {
  checkOptionNames(given, ['maxRunning', 'maxWaiting'], 'loads')
  return {
    maxRunning: wholeNumber(given.maxRunning ?? 1_000, 1, 1_000_000, 'loads.maxRunning'),
    maxWaiting: wholeNumber(given.maxWaiting ?? 10_000, 0, 1_000_000, 'loads.maxWaiting'),
  }
}

function reportBreaker({ counters, emitter }: Core, { node, state, reason }: BreakerChange): void {
  if (state === 'open') counters.breakerOpenings += 1
  if (!emitter.isHeard) return
  if (state === 'open') emitter.emit({ type: 'breaker.opened', node, reason: reason ?? 'failures' })
  else emitter.emit({ type: state === 'closed' ? 'breaker.closed' : 'breaker.half-opened', node })
}

function checkHook<T>(given: T | undefined): T | undefined {
  if (given === undefined || typeof given === 'function') return given
  throw new UsageError('TIERCEL_INVALID_OPTION', `waitUntil: ${show(given)} is not a function.`)
}

function createL1(options: L1Options, nowMs: () => number, emitter: Emitter): Arena {
  checkOptionNames(options, ['maxEntries', 'maxBytes', 'policy', 'seed'], 'l1')
  const maxBytes = options.maxBytes ?? (options.maxEntries === undefined ? '64mb' : undefined)
  return new Arena({
    maxEntries: options.maxEntries === undefined ? never : wholeNumber(options.maxEntries, 1, 2 ** 30, 'l1.maxEntries'),
    maxBytes: maxBytes === undefined ? never : sizeBytes(maxBytes, 'l1.maxBytes'),
    isWeighed: true,
    policy: oneOf(options.policy ?? 'w-tinylfu', policyNames, 'l1.policy'),
    seed: options.seed === undefined ? undefined : wholeNumber(options.seed, 0, 2 ** 32 - 1, 'l1.seed'),
    nowMs,
    onRemoval: (partition, key, _, cause) => {
      if (cause === 'evicted' && emitter.isHeard)
        emitter.emit({ type: 'entry.evicted', tier: 'l1', namespace: partition.name, key: key as string })
    },
  })
}

function checkStore(store: Store): Store {
  const missing = storeMembers.filter((member) => typeof (store as unknown as Record<string, unknown>)?.[member] !== 'function')
  if (missing.length === 0) return store
  throw new UsageError(
    'TIERCEL_INVALID_OPTION',
    `l2: ${show(store)} is not a store. Hand in valkeyStore(client) or memoryStore(); a client alone is not a store.`,
  )
}
