import { fenceByte, markContended } from '../../codecs/fence.ts'
import { encodeTag, newTokens, softOffset, tagByte, tagBytes } from '../../codecs/tag-token.ts'
import { type ByteSize, sizeBytes } from '../../kernel/byte-size.ts'
import { type Clock, epochMs, systemClock } from '../../kernel/clock.ts'
import { StoreError } from '../../kernel/errors.ts'
import { checkOptionNames, wholeNumber } from '../../kernel/options.ts'
import { fenceStep, isFenced } from '../fence-steps.ts'
import {
  type Feed,
  type FeedListener,
  type FenceOutcome,
  type FenceStep,
  type FollowOptions,
  headBytes,
  type PutOutcome,
  type Snap,
  type Snapshot,
  type Store,
  type StoreEntry,
  type Swap,
  valueByte,
} from '../store.ts'
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
  readonly #feeds: Set<LocalFeed> = new Set()
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
      if (this.#peek(entry.key)?.[0] === fenceByte) return 'fenced'
      this.#write(entry)
      return 'stored'
    })
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    await this.fence({ keys, op: 'close', forMs: 0, ttlMs: 1 })
  }

  async fence(step: FenceStep): Promise<readonly FenceOutcome[]> {
    this.#checkOpen()
    return step.keys.map((key) => {
      const next = fenceStep(this.#peek(key), step, this.nowMs())
      if (next !== undefined) {
        this.#write({ key, value: next.bytes, ttlMs: next.ttlMs })
        return next.isFence ? 'fenced' : 'stored'
      }
      this.#remove(key)
      if (step.counter !== undefined) this.#count(step.counter)
      return 'empty'
    })
  }

  async snap({ counter, tags }: Snap): Promise<Snapshot> {
    this.#checkOpen()
    const found = this.#number(counter)
    let number = found ?? this.#count(counter)
    const first = number
    const contents = tags.map(({ key, lifeMs }) => {
      const content = this.#peek(key)
      if (isFenced(content, this.nowMs())) return 'fenced' as const
      const ttlMs = lifeMs ?? never
      if (content?.[0] === tagByte && content.length === tagBytes) {
        // Nobody is told of a longer life: no other process can have read another one.
        if (lifeMs !== undefined) this.#entries.set(key, content, key.length + content.length, this.#clock.monotonicMs() + ttlMs)
        return Buffer.from(content)
      }
      if (content?.[0] === fenceByte) number = this.#count(counter)
      const made = encodeTag(newTokens(), number)
      this.#write({ key, value: made, ttlMs })
      return made
    })
    return { number: first, tags: contents }
  }

  async ageTags(keys: readonly string[], counter: string): Promise<void> {
    this.#checkOpen()
    for (const key of keys) {
      const content = this.#peek(key)
      if (content?.[0] === fenceByte) continue
      const number = this.#count(counter)
      if (content?.[0] !== tagByte) this.#remove(key)
      else {
        const aged = encodeTag(newTokens(), number)
        aged.copy(content, softOffset, softOffset)
        this.#changed(key)
      }
    }
  }

  async getHead(key: string): Promise<Buffer | undefined> {
    this.#checkOpen()
    return this.#read(key)?.subarray(0, headBytes)
  }

  async leftMs(key: string): Promise<number | undefined> {
    this.#checkOpen()
    const leftMs = (this.#entries.look(key)?.endsAtMs ?? 0) - this.#clock.monotonicMs()
    return leftMs > 0 ? leftMs : undefined
  }

  async overwrite(key: string, offset: number, bytes: Buffer): Promise<boolean> {
    this.#checkOpen()
    const present = this.#peek(key)
    if (present?.[0] === valueByte) {
      bytes.copy(present, offset)
      this.#changed(key)
      return true
    }
    if (present?.[0] !== fenceByte) this.#remove(key)
    else markContended(present)
    return false
  }

  async follow({ prefixes }: FollowOptions, listener: FeedListener): Promise<Feed> {
    this.#checkOpen()
    const feed = new LocalFeed(prefixes, listener, this.#feeds)
    this.#feeds.add(feed)
    return feed
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#arena.clear()
  }

  #read(key: string): Buffer | undefined {
    const bytes = this.#peek(key)
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
    for (const feed of this.#feeds) feed.tell(key)
  }

  #peek(key: string): Buffer | undefined {
    return this.#entries.get(key) as Buffer | undefined
  }

  #number(counter: string): number | undefined {
    const text = this.#peek(counter)?.toString()
    return text === undefined ? undefined : Number(text)
  }

  /** As on a server: one that was lost starts from the time in µs. */
  #count(counter: string): number {
    const number = (this.#number(counter) ?? Math.floor(this.nowMs() * 1_000)) + 1
    this.#write({ key: counter, value: Buffer.from(String(number)), ttlMs: never })
    return number
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new StoreError('TIERCEL_CLOSED', 'The store was closed.')
  }
}

class LocalFeed implements Feed {
  readonly isLocal = true
  readonly #prefixes: readonly string[]
  readonly #listener: FeedListener
  readonly #feeds: Set<LocalFeed>

  constructor(prefixes: readonly string[], listener: FeedListener, feeds: Set<LocalFeed>) {
    this.#prefixes = prefixes
    this.#listener = listener
    this.#feeds = feeds
  }

  tell(key: string): void {
    if (this.#prefixes.some((prefix) => key.startsWith(prefix))) queueMicrotask(() => this.#listener.onChange([key]))
  }

  async prove(): Promise<void> {}

  async close(): Promise<void> {
    this.#feeds.delete(this)
  }
}
