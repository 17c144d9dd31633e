import type { Codec } from './codec.ts'
import type { Compression } from './compression.ts'
import { encodeWith } from './encoding.ts'
import { type Content, type Decoded, type DecodedEntry, decodeEntry, type EntryHead, encodeEntry, sealedContext } from './envelope.ts'
import type { Opened, Rejection, ValueFormat } from './format.ts'
import { Holding, type ValueSharing } from './holding.ts'
import { pack, unpack } from './packing.ts'
import type { Seal } from './seal.ts'

/** Checked parts. Of codecs and compressions the first writes and all read. */
export interface FormatParts {
  readonly codecs: readonly [Codec, ...Codec[]]
  readonly compressions: readonly Compression[]
  readonly seal: Seal | undefined
  readonly maxValueBytes: number
  readonly sharing: ValueSharing
}

/**
 * Entries with a header: a value is encoded, compressed if that is worth it, sealed if there are keys, and put behind the header.
 *
 * With nothing but JSON a read costs what it must: the checks of the header, then `JSON.parse`.
 */
export class EnvelopeFormat implements ValueFormat {
  readonly hasHeader = true
  readonly codecId: number
  readonly values: Holding
  readonly #codec: Codec
  readonly #codecs: readonly Codec[]
  readonly #compressions: readonly Compression[]
  readonly #seal: Seal | undefined
  readonly #maxBytes: number

  constructor(parts: FormatParts) {
    this.#codecs = parts.codecs
    this.#codec = parts.codecs[0]
    this.codecId = this.#codec.id
    this.#compressions = parts.compressions
    this.#seal = parts.seal
    this.#maxBytes = parts.maxValueBytes
    this.values = new Holding(parts.codecs, parts.sharing)
  }

  encode(value: unknown): string | Buffer {
    return encodeWith(this.#codec, value, this.#maxBytes)
  }

  hold(payload: string | Buffer): unknown {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
    return this.values.hold(decodeFrom(this.#codec, bytes, 0), this.#codec, bytes, 0)
  }

  write(head: EntryHead, content: Content): Buffer {
    const compression = this.#compressions[0]
    const packed = compression === undefined || typeof content === 'string' ? undefined : pack(compression, content.payload)
    if (packed === undefined) return encodeEntry(head, content, this.#seal)
    return encodeEntry({ ...head, compression: compression?.id ?? 0 }, { payload: packed }, this.#seal)
  }

  readHead(bytes: Buffer, storedKey: string, echo: string | undefined): Decoded {
    return decodeEntry(bytes, storedKey, echo)
  }

  readValue(bytes: Buffer, entry: DecodedEntry, storedKey: string): Opened {
    if (this.#seal === undefined && !entry.isSealed && entry.compression === 0) return this.#decode(bytes, entry.payloadStart, entry)
    const payload = this.#unwrap(bytes, entry, storedKey)
    return typeof payload === 'string' ? payload : this.#decode(payload, 0, entry)
  }

  #decode(bytes: Buffer, start: number, entry: DecodedEntry): Opened {
    const sizeBytes = entry.payloadStart + bytes.length - start
    if (entry.isNull || entry.isAbsent) return { value: entry.isNull ? null : undefined, sizeBytes }
    if (bytes.length - start > this.#maxBytes) return 'too-large'
    const codec = entry.codec === this.codecId ? this.#codec : this.#codecs.find(({ id }) => id === entry.codec)
    if (codec === undefined) return 'codec'
    try {
      const value = decodeFrom(codec, bytes, start)
      return value === undefined ? 'payload' : { value: this.values.hold(value, codec, bytes, start), sizeBytes }
    } catch {
      return 'payload'
    }
  }

  #unwrap(bytes: Buffer, entry: DecodedEntry, storedKey: string): Buffer | Rejection {
    const payload = this.#open(bytes, entry, storedKey)
    if (typeof payload === 'string' || entry.compression === 0) return payload
    const compression = this.#compressions.find(({ id }) => id === entry.compression)
    return compression === undefined ? 'compression' : unpack(compression, payload, this.#maxBytes)
  }

  #open(bytes: Buffer, entry: DecodedEntry, storedKey: string): Buffer | Rejection {
    const payload = bytes.subarray(entry.payloadStart)
    if (!entry.isSealed) return this.#seal === undefined ? payload : 'unsealed'
    if (this.#seal === undefined) return 'unknown-key'
    return this.#seal.open(payload, sealedContext(bytes, entry.payloadStart, storedKey))
  }
}

function decodeFrom(codec: Codec, bytes: Buffer, start: number): unknown {
  return codec.decodeAt === undefined ? codec.decode(bytes.subarray(start)) : codec.decodeAt(bytes, start)
}
