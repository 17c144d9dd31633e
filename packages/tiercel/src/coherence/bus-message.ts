/**
 * What travels on the bus. Names of what has changed, never values.
 *
 * | offset | bytes | |
 * |---|---|---|
 * | 0 | 1 | `0xCB` |
 * | 1 | 1 | wire version, 1 |
 * | 2 | 1 | kind: 0 heartbeat, 1 invalidation |
 * | 3 | 12 | sender, random |
 * | 15 | 6 | sequence number, big-endian: of this invalidation, from 1; in a heartbeat of the last one |
 * | 21 | 2 + 2 | number of keys, number of tags; then each name as 2 bytes of length and UTF-8. Invalidations only |
 *
 * The first 21 bytes are the same in every version: a reader counts what it cannot read, and knows that it has missed something.
 */
export interface BusMessage {
  readonly kind: 'heartbeat' | 'invalidation'
  /** Hexadecimal. */
  readonly sender: string
  readonly sequence: number
  readonly keys: readonly string[]
  readonly tags: readonly string[]
  /** Of a later version: who and which are known, the names are not. */
  readonly isUnreadable: boolean
}

export const senderBytes = 12
/** A name longer than this does not fit. Stored keys have at most 1 KiB. */
export const maxNameBytes = 0xffff
export const maxNames = 0xffff

const magic = 0xcb
const version = 1
const headerBytes = 21
const heartbeat = 0
const invalidation = 1
const none: readonly string[] = Object.freeze([])
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function encodeHeartbeat(sender: Buffer, sequence: number): Buffer {
  return header(heartbeat, sender, sequence)
}

/** @param keys and `tags`: at most `maxNames` each, of at most `maxNameBytes` */
export function encodeInvalidation(sender: Buffer, sequence: number, { keys, tags }: Pick<BusMessage, 'keys' | 'tags'>): Buffer {
  const names = [...keys, ...tags].map((name) => Buffer.from(name))
  const parts = [header(invalidation, sender, sequence), lengths(keys.length, tags.length)]
  for (const name of names) parts.push(lengths(name.length), name)
  return Buffer.concat(parts)
}

/** Undefined where the bytes are no message, or a broken one. Never throws. */
export function decodeMessage(bytes: Buffer): BusMessage | undefined {
  if (bytes.length < headerBytes || bytes[0] !== magic || bytes[1] === 0) return undefined
  const head = { sender: bytes.toString('hex', 3, 3 + senderBytes), sequence: bytes.readUIntBE(15, 6), keys: none, tags: none }
  const kind = bytes[2] === heartbeat ? 'heartbeat' : 'invalidation'
  if (bytes[1] !== version) return { ...head, kind, isUnreadable: kind === 'invalidation' }
  if (kind === 'heartbeat') return bytes.length === headerBytes ? { ...head, kind, isUnreadable: false } : undefined
  const names = bytes[2] === invalidation ? decodeNames(bytes) : undefined
  return names && { ...head, ...names, kind, isUnreadable: false }
}

function header(kind: number, sender: Buffer, sequence: number): Buffer {
  const bytes = Buffer.alloc(headerBytes)
  bytes.set([magic, version, kind])
  sender.copy(bytes, 3)
  bytes.writeUIntBE(sequence, 15, 6)
  return bytes
}

function lengths(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * numbers.length)
  for (const [index, number] of numbers.entries()) bytes.writeUInt16BE(number, 2 * index)
  return bytes
}

function decodeNames(bytes: Buffer): Pick<BusMessage, 'keys' | 'tags'> | undefined {
  const reader = new NameReader(bytes, headerBytes)
  const keyCount = reader.number()
  const tagCount = reader.number()
  const keys = reader.names(keyCount)
  const tags = reader.names(tagCount)
  return reader.isBroken || !reader.isAtEnd ? undefined : { keys, tags }
}

class NameReader {
  readonly #bytes: Buffer
  #at: number
  isBroken = false

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  number(): number {
    if (this.isBroken || this.#at + 2 > this.#bytes.length) return this.#break()
    this.#at += 2
    return this.#bytes.readUInt16BE(this.#at - 2)
  }

  names(count: number): string[] {
    const names: string[] = []
    for (let index = 0; index < count && !this.isBroken; index++) names.push(this.#name())
    return names
  }

  #name(): string {
    const end = this.number() + this.#at
    if (this.isBroken || end > this.#bytes.length) return String(this.#break())
    try {
      return utf8.decode(this.#bytes.subarray(this.#at, end))
    } catch {
      return String(this.#break())
    } finally {
      this.#at = end
    }
  }

  #break(): number {
    this.isBroken = true
    return 0
  }
}
