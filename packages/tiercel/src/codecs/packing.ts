import { type Compression, defaultMinBytes } from './compression.ts'

/** A compressed payload begins with the size of what was compressed, so that a reader knows what it is in for. */
const sizeFieldBytes = 4
/** Less saved than this is not worth the reader's time. */
const worthwhileRatio = 0.9

/** The payload made smaller, or `undefined` when that is not worth it. */
export function pack(compression: Compression, payload: string | Buffer): Buffer | undefined {
  const minBytes = compression.minBytes ?? defaultMinBytes
  // A character takes at most three bytes.
  if (payload.length * 3 < minBytes) return undefined
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
  if (bytes.length < minBytes) return undefined
  const compressed = compression.compress(bytes)
  if (compressed.length + sizeFieldBytes > bytes.length * worthwhileRatio) return undefined
  const packed = Buffer.allocUnsafe(sizeFieldBytes + compressed.length)
  packed.writeUInt32LE(bytes.length, 0)
  packed.set(compressed, sizeFieldBytes)
  return packed
}

/** What was packed. Never throws, and never lets bytes grow beyond `maxBytes` or beyond what they say themselves. */
export function unpack(compression: Compression, packed: Buffer, maxBytes: number): Buffer | 'too-large' | 'payload' {
  if (packed.length < sizeFieldBytes) return 'payload'
  const sizeBytes = packed.readUInt32LE(0)
  if (sizeBytes > maxBytes) return 'too-large'
  try {
    const bytes = compression.decompress(packed.subarray(sizeFieldBytes), sizeBytes)
    if (!(bytes instanceof Uint8Array) || bytes.length !== sizeBytes) return 'payload'
    return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  } catch {
    return 'payload'
  }
}
