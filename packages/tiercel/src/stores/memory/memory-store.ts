import { type ByteSize, sizeBytes } from '../../kernel/byte-size.ts'
import { type Clock, epochMs, systemClock } from '../../kernel/clock.ts'
import { StoreError } from '../../kernel/errors.ts'
import { checkOptionNames, wholeNumber } from '../../kernel/options.ts'
import type { Store, StoreEntry } from '../store.ts'
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

  async setMany(entries: readonly StoreEntry[]): Promise<void> {
    this.#checkOpen()
    for (const entry of entries) this.#write(entry)
  }

  async swap(entry: StoreEntry, expected: Buffer): Promise<boolean> {
    this.#checkOpen()
    const present = this.#read(entry.key)
    const matches = expected.length === 0 ? present === undefined : present?.subarray(0, expected.length).equals(expected) === true
    if (matches) this.#write(entry)
    return matches
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    this.#checkOpen()
    for (const key of keys) this.#entries.delete(key)
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
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new StoreError('TIERCEL_CLOSED', 'The store was closed.')
  }
}
