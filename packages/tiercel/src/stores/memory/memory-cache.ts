import { type ByteSize, sizeBytes } from '../../kernel/byte-size.ts'
import { type Clock, coarseClock, systemClock } from '../../kernel/clock.ts'
import { type Duration, durationMs } from '../../kernel/duration.ts'
import { UsageError } from '../../kernel/errors.ts'
import { checkOptionNames, oneOf, wholeNumber } from '../../kernel/options.ts'
import { show } from '../../kernel/show.ts'
import { Arena, type ArenaKey, type Partition, type PolicyName, policyNames, type RemovalCause } from './arena.ts'
import { encodedSizeBytes } from './encoded-size.ts'
import { never } from './expiry-wheel.ts'

export interface MemoryCacheOptions<K extends string | number = string, V = unknown> {
  /** At most this many entries, 1 to 2³⁰. Default: no limit beside `maxBytes`. */
  readonly maxEntries?: number
  /** At most this many bytes, as `sizeOf` weighs them, 1 or more. Default: `'64mb'`, or none when `maxEntries` is given. */
  readonly maxBytes?: ByteSize
  /** How long entries live, 1 ms to 10 years; one may be found for a millisecond longer, and in a burst of calls for a hundred of them. Default: until they are evicted. */
  readonly ttl?: Duration
  /** Who leaves when there is no room. Below 16 `maxEntries` both are `'lru'`. Default: `'w-tinylfu'`. */
  readonly policy?: PolicyName
  /** Makes two runs of the same calls keep the same entries: a whole number, 0 to 2³² − 1. Default: chosen by chance, once per process. */
  readonly seed?: number
  /**
   * What an entry weighs: a whole number of bytes, 1 to 2³² − 1. Called once per `set`, where `maxBytes` holds. Default: the bytes of the key, and
   * of the value as UTF-8, as it is when it is binary, or as JSON. Encoding costs; give a cheaper one where values are large.
   */
  readonly sizeOf?: (value: V, key: K) => number
  /**
   * Told of every entry that is gone, once the call that removed it is done; may call the cache. What it throws is ignored. One that
   * stores something for each eviction keeps itself busy for ever.
   */
  readonly onEvict?: (key: K, value: V, cause: RemovalCause) => void
  /** Time, for tests. Default: the system's. */
  readonly clock?: Clock
}

export interface MemorySetOptions {
  /** How long this entry lives, 1 ms to 10 years. Default: the cache's `ttl`. */
  readonly ttl?: Duration
  /** What this entry weighs, a whole number of bytes, 1 to 2³² − 1. Default: what `sizeOf` says. */
  readonly sizeBytes?: number
}

/**
 * Values in this process, bounded, in the place of `lru-cache`: synchronous, no promise, no encoding, the values themselves.
 *
 * Every call takes constant time, of which eviction, expiry and maintenance are a bounded part; only a large entry may evict many small
 * ones. Never more is resident than allowed after any call.
 */
export interface MemoryCache<K extends string | number = string, V = unknown> {
  /** Entries resident now, with those that have run out and were not yet noticed. */
  readonly size: number
  /** Their weight together; 0 in a cache without `maxBytes`. */
  readonly sizeBytes: number
  /** Entries that had to leave for lack of room. */
  readonly evictions: number
  /** The value, which counts as used, or `undefined` when there is none or its time is over. */
  get(key: K): V | undefined
  /** The same, and does not count as used. */
  peek(key: K): V | undefined
  /** Whether `get` would find something now. Does not count as used. */
  has(key: K): boolean
  /**
   * Stores a value, which a `get` after it finds, whoever else has to leave.
   *
   * @returns whether it is kept: an entry larger than `maxBytes` is not, nor is the one that it would have replaced. `onEvict` is told.
   * @throws {TIERCEL_INVALID_KEY} {TIERCEL_UNDEFINED_VALUE} {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_DURATION}
   * @throws {TIERCEL_UNSERIALIZABLE_VALUE} the value has no size of its own; give `sizeOf` or `sizeBytes`
   */
  set(key: K, value: V, options?: MemorySetOptions): boolean
  /** @returns whether it was there */
  delete(key: K): boolean
  /** Removes all entries, one step each. */
  clear(): void
  /**
   * Entries whose time is not over, in no promised order; does not count as used. The cache may be changed meanwhile: what was removed
   * does not come any more, what was added may.
   */
  [Symbol.iterator](): IterableIterator<[key: K, value: V]>
}

const optionNames = ['maxEntries', 'maxBytes', 'ttl', 'policy', 'seed', 'sizeOf', 'onEvict', 'clock']
const setOptionNames = ['ttl', 'sizeBytes']
const largestSize = 2 ** 32 - 1
/** In a burst of calls the time is asked for once per millisecond, or so many calls: asking costs half as much as a hit. */
const readsPerLook = 100

/**
 * A cache of values in this process, alone and synchronous. Keys are strings or numbers; any value but `undefined`.
 *
 * @throws {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION}
 * @example
 * const users = createMemoryCache<string, User>({ maxEntries: 10_000, ttl: '5m' })
 * users.set('7', user)
 * users.get('7')?.name
 */
export function createMemoryCache<K extends string | number = string, V = unknown>(
  options: MemoryCacheOptions<K, V> = {},
): MemoryCache<K, V> {
  return new ArenaCache(options)
}

class ArenaCache<K extends string | number, V> implements MemoryCache<K, V> {
  readonly #arena: Arena
  readonly #entries: Partition
  readonly #nowMs: () => number
  readonly #ttlMs: number
  readonly #sizeOf: ((value: V, key: K) => number) | undefined

  constructor(options: MemoryCacheOptions<K, V>) {
    checkOptionNames(options, optionNames, 'createMemoryCache')
    const { clock = systemClock, onEvict } = options
    const maxEntries = options.maxEntries === undefined ? never : wholeNumber(options.maxEntries, 1, 2 ** 30, 'maxEntries')
    const maxBytes = options.maxBytes ?? (options.maxEntries === undefined ? '64mb' : undefined)
    this.#nowMs = clock === systemClock ? coarseClock(clock, readsPerLook) : () => clock.monotonicMs()
    this.#ttlMs = options.ttl === undefined ? never : durationMs(options.ttl, 'ttl')
    this.#sizeOf = maxBytes === undefined ? undefined : (checkFunction(options.sizeOf, 'sizeOf') ?? encodedSizeBytes)
    checkFunction(onEvict, 'onEvict')
    this.#arena = new Arena({
      maxEntries,
      maxBytes: maxBytes === undefined ? never : sizeBytes(maxBytes, 'maxBytes'),
      isWeighed: maxBytes !== undefined,
      policy: oneOf(options.policy ?? 'w-tinylfu', policyNames, 'policy'),
      seed: options.seed === undefined ? undefined : wholeNumber(options.seed, 0, 2 ** 32 - 1, 'seed'),
      nowMs: this.#nowMs,
      onRemoval: onEvict === undefined ? undefined : (_, key, value, cause) => onEvict(key as K, value as V, cause),
    })
    this.#entries = this.#arena.partition('')
  }

  get size(): number {
    return this.#arena.entries
  }

  get sizeBytes(): number {
    return this.#arena.sizeBytes
  }

  get evictions(): number {
    return this.#arena.evictions
  }

  get(key: K): V | undefined {
    return this.#entries.get(key) as V | undefined
  }

  peek(key: K): V | undefined {
    return this.#entries.peek(key) as V | undefined
  }

  has(key: K): boolean {
    return this.#entries.peek(key) !== undefined
  }

  set(key: K, value: V, options?: MemorySetOptions): boolean {
    if (typeof key !== 'string' && typeof key !== 'number') throw invalidKey(key)
    if (value === undefined) throw undefinedValue()
    if (options === undefined) return this.#arena.write(this.#entries, key, value, this.#weigh(key, value), this.#endsAtMs(this.#ttlMs))
    checkOptionNames(options, setOptionNames, 'set')
    const size = options.sizeBytes === undefined ? this.#weigh(key, value) : wholeNumber(options.sizeBytes, 1, largestSize, 'sizeBytes')
    return this.#arena.write(
      this.#entries,
      key,
      value,
      size,
      this.#endsAtMs(options.ttl === undefined ? this.#ttlMs : durationMs(options.ttl, 'ttl')),
    )
  }

  delete(key: K): boolean {
    return this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }

  *[Symbol.iterator](): IterableIterator<[key: K, value: V]> {
    for (const key of this.#entries.slots.keys() as MapIterator<K>) {
      const value = this.#entries.peek(key) as V | undefined
      if (value !== undefined) yield [key, value]
    }
  }

  #weigh(key: K, value: V): number {
    return this.#sizeOf === undefined ? 0 : wholeNumber(this.#sizeOf(value, key), 1, largestSize, 'sizeOf')
  }

  #endsAtMs(ttlMs: number): number {
    return ttlMs === never ? never : this.#nowMs() + ttlMs
  }
}

function checkFunction<T>(given: T | undefined, option: string): T | undefined {
  if (given === undefined || typeof given === 'function') return given
  throw new UsageError('TIERCEL_INVALID_OPTION', `${option}: ${show(given)} is not a function.`)
}

function invalidKey(key: ArenaKey): UsageError {
  return new UsageError('TIERCEL_INVALID_KEY', `set: a key is a string or a number, not ${show(key)}.`)
}

function undefinedValue(): UsageError {
  return new UsageError(
    'TIERCEL_UNDEFINED_VALUE',
    'undefined cannot be stored: it means "not in the cache". Store null for "there is none".',
  )
}
