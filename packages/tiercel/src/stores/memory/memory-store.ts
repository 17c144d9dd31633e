import { type ByteSize, sizeBytes } from '../../kernel/byte-size.ts'
import { type Clock, epochMs, systemClock } from '../../kernel/clock.ts'
import { StoreError } from '../../kernel/errors.ts'
import { checkOptionNames, wholeNumber } from '../../kernel/options.ts'
import { fenceByte, type PutOutcome, type Store, type StoreEntry, type Swap, valueByte, type Watch } from '../store.ts'
import { Arena, type Partition } from './arena.ts'
import { never } from './expiry-wheel.ts'

export interface MemoryStoreOptions {
  /** At most this many entries. Default: no limit beside `maxBytes`. */
  readonly maxEntries?: number
  /** At most this many bytes of keys and values together. Default: `'64mb'`. */
  readonly maxBytes?: ByteSize
  readonly clock?: Clock
}

/**
 * A store of bytes in this process, with the contract of the one on Valkey: for tests, and for programs that have no server yet.
 * Least recently used entries leave first.
 *
 * @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION}
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  checkOptionNames(options, ['maxEntries', 'maxBytes', 'clock'], 'memoryStore')
  const clock = options.clock ?? systemClock
  const arena = new Arena({
    policy: 'lru',
    maxEntries: options.maxEntries === undefined ? never : wholeNumber(options.maxEntries, 1, 2 ** 30, 'maxEntries'),
    maxBytes: sizeBytes(options.maxBytes ?? '64mb', 'maxBytes'),
    isWeighed: true,
    nowMs: () => clock.monotonicMs(),
  })
  return new MemoryStore(arena, clock)
}

class MemoryStore implements Store {
  readonly specVersion = 1
  readonly name = 'memory'
  readonly #arena: Arena
  readonly #entries: Partition
  readonly #clock: Clock
  readonly #watchers: Map<string, Set<() => void>> = new Map()
  #isClosed = false

  constructor(arena: Arena, clock: Clock) {
    this.#arena = arena
    this.#entries = arena.partition('')
    this.#clock = clock
  }

  nowMs(): number {
    return epochMs(this.#clock)
  }

  async ready(): Promise<void> {
    this.#checkOpen()
  }

  async get(key: string): Promise<Buffer | undefined> {
    this.#checkOpen()
    return this.#read(key)
  }

  async getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    this.#checkOpen()
    return keys.map((key) => this.#read(key))
  }

  async claim(entry: StoreEntry): Promise<Buffer | undefined> {
    this.#checkOpen()
    const present = this.#read(entry.key)
    if (present === undefined) this.#write(entry)
    return present
  }

  async swap({ key, expected, value, ttlMs }: Swap): Promise<boolean> {
    this.#checkOpen()
    if (this.#read(key)?.subarray(0, expected.length).equals(expected) !== true) return false
    if (value === undefined) this.#remove(key)
    else this.#write({ key, value, ttlMs })
    return true
  }

  async setMany(entries: readonly StoreEntry[]): Promise<readonly PutOutcome[]> {
    this.#checkOpen()
    return entries.map((entry) => {
      if (this.#read(entry.key)?.[0] === fenceByte) return 'fenced'
      this.#write(entry)
      return 'stored'
    })
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    this.#checkOpen()
    for (const key of keys) if (this.#read(key)?.[0] !== fenceByte) this.#remove(key)
  }

  async overwrite(key: string, offset: number, bytes: Buffer): Promise<boolean> {
    this.#checkOpen()
    const present = this.#entries.get(key) as Buffer | undefined
    if (present?.[0] === valueByte) {
      bytes.copy(present, offset)
      this.#changed(key)
      return true
    }
    if (present?.[0] !== fenceByte) this.#remove(key)
    return false
  }

  watch(key: string, onChange: () => void): Watch {
    const watchers = this.#watchers.get(key) ?? new Set()
    this.#watchers.set(key, watchers.add(onChange))
    return {
      isLive: true,
      close: () => {
        watchers.delete(onChange)
        if (watchers.size === 0 && this.#watchers.get(key) === watchers) this.#watchers.delete(key)
      },
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#arena.clear()
  }

  #read(key: string): Buffer | undefined {
    const bytes = this.#entries.get(key) as Buffer | undefined
    return bytes === undefined ? undefined : Buffer.from(bytes)
  }

  #write(entry: StoreEntry): void {
    const bytes = Buffer.from(entry.value)
    this.#entries.set(entry.key, bytes, entry.key.length + bytes.length, this.#clock.monotonicMs() + entry.ttlMs)
    this.#changed(entry.key)
  }

  #remove(key: string): void {
    this.#entries.delete(key)
    this.#changed(key)
  }

  /** Told as a server would: not within the call that changed it. */
  #changed(key: string): void {
    for (const onChange of this.#watchers.get(key) ?? []) queueMicrotask(onChange)
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new StoreError('TIERCEL_CLOSED', 'The store was closed.')
  }
}
