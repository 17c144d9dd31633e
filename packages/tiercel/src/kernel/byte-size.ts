import { UsageError } from './errors.ts'
import { show } from './show.ts'

export type ByteUnit = 'b' | 'kb' | 'mb' | 'gb'

/** A size: bytes, or text such as `'512kb'`, `'64mb'`, `'1.5gb'`; 1 kB is 1,024 bytes. */
export type ByteSize = number | `${number}${ByteUnit}`

const unitBytes: Record<ByteUnit, number> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }
const pattern = /^(\d+(?:\.\d+)?) ?(b|kb|mb|gb)$/i

/**
 * Bytes of a size, whole.
 *
 * @throws {TIERCEL_INVALID_OPTION} not a size, or under 1 byte
 */
export function sizeBytes(given: ByteSize, option: string): number {
  const bytes = typeof given === 'number' ? given : parse(given)
  if (bytes >= 1 && bytes <= Number.MAX_SAFE_INTEGER) return Math.round(bytes)
  throw new UsageError(
    'TIERCEL_INVALID_OPTION',
    `${option}: ${show(given)} is not a size. Allowed: at least 1 byte, as a number of bytes or as text like "512kb", "64mb", "1gb".`,
  )
}

function parse(text: unknown): number {
  const match = typeof text === 'string' ? pattern.exec(text) : null
  return match === null ? Number.NaN : Number(match[1]) * unitBytes[(match[2] as string).toLowerCase() as ByteUnit]
}
