import type { Codec } from './codec.ts'
import { encodeWith } from './encoding.ts'
import type { Content, Decoded, DecodedEntry, EntryHead } from './envelope.ts'
import type { Opened, ValueFormat } from './format.ts'
import { Holding, type ValueSharing } from './holding.ts'

/** Nothing in bare bytes says how long they have to live. For so long they count as fresh where they were read. */
const knownLifeMs = 1_000

/** Bare values without a header, which programs in other languages read and write. Only the server knows when they end. */
export class PlainFormat implements ValueFormat {
  readonly hasHeader = false
  readonly codecId: number
  readonly values: Holding
  readonly #codec: Codec
  readonly #maxBytes: number

  constructor(parts: { readonly codec: Codec; readonly maxValueBytes: number; readonly sharing: ValueSharing }) {
    this.#codec = parts.codec
    this.codecId = parts.codec.id
    this.#maxBytes = parts.maxValueBytes
    this.values = new Holding([parts.codec], parts.sharing)
  }

  encode(value: unknown): string | Buffer {
    return encodeWith(this.#codec, value, this.#maxBytes)
  }

  hold(payload: string | Buffer): unknown {
    return this.#hold(typeof payload === 'string' ? Buffer.from(payload) : payload)
  }

  write(_head: EntryHead, content: Content): Buffer {
    const payload = typeof content === 'string' ? this.encode(null) : content.payload
    return typeof payload === 'string' ? Buffer.from(payload) : payload
  }

  readHead(_bytes: Buffer, _storedKey: string, _echo: string | undefined, nowMs: number): Decoded {
    return headOf(this.codecId, nowMs)
  }

  readValue(bytes: Buffer): Opened {
    if (bytes.length > this.#maxBytes) return 'too-large'
    try {
      const value = this.#hold(bytes)
      return value === undefined ? 'payload' : { value, sizeBytes: bytes.length }
    } catch {
      return 'payload'
    }
  }

  #hold(bytes: Buffer): unknown {
    return this.values.hold(this.#codec.decode(bytes), this.#codec, bytes, 0)
  }
}

function headOf(codec: number, nowMs: number): DecodedEntry {
  const endsAtMs = nowMs + knownLifeMs
  const flags = { isMarkedStale: false, isNull: false, isAbsent: false, isSealed: false }
  return {
    kind: 'value',
    ...flags,
    codec,
    compression: 0,
    createdAtMs: nowMs,
    staleAtMs: endsAtMs,
    deadAtMs: endsAtMs,
    loadCostMs: 0,
    tagCount: 0,
    payloadStart: 0,
  }
}
