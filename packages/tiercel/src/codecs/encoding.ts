import { CodecError, TiercelError } from '../kernel/errors.ts'
import { show } from '../kernel/show.ts'
import type { Codec } from './codec.ts'

/**
 * What a codec makes of a value, held against what it may be.
 *
 * @throws {TIERCEL_UNSERIALIZABLE_VALUE} {TIERCEL_VALUE_TOO_LARGE}
 */
export function encodeWith(codec: Codec, value: unknown, maxBytes: number): string | Buffer {
  const payload = callCodec(codec, value)
  const isSmall = typeof payload === 'string' && payload.length * 3 <= maxBytes
  const sizeBytes = isSmall ? 0 : byteLength(payload)
  if (sizeBytes <= maxBytes) return payload
  throw new CodecError(
    'TIERCEL_VALUE_TOO_LARGE',
    `The value takes ${sizeBytes} bytes, maxValueBytes allows ${maxBytes}. Cache a smaller part of it, or several keys.`,
  )
}

/** Of a payload that a codec wrote: the size that L1 counts. */
export function byteLength(payload: string | Buffer): number {
  return typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
}

function callCodec(codec: Codec, value: unknown): string | Buffer {
  let payload: unknown
  try {
    payload = codec.encode(value)
  } catch (error) {
    if (TiercelError.is(error)) throw error
    throw refusal(codec, `could not encode the value: ${error instanceof Error ? error.name : 'an error'}, see the cause`, error)
  }
  if (typeof payload === 'string' || Buffer.isBuffer(payload)) return payload
  if (payload instanceof Uint8Array) return Buffer.from(payload.buffer, payload.byteOffset, payload.length)
  throw refusal(codec, `returned ${typeof payload === 'object' ? show(payload) : `a ${typeof payload}`}, where text or bytes are needed`)
}

function refusal(codec: Codec, what: string, cause?: unknown): CodecError {
  return new CodecError('TIERCEL_UNSERIALIZABLE_VALUE', `The codec ${codec.name ?? codec.id} ${what}.`, { cause })
}
