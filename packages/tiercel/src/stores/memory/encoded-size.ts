import { UsageError } from '../../kernel/errors.ts'

/**
 * What a value takes where it is encoded, and its key: text as UTF-8, binary as it is, all else as JSON.
 *
 * @throws {TIERCEL_UNSERIALIZABLE_VALUE} JSON has no form for it
 */
export function encodedSizeBytes(value: unknown, key: string | number): number {
  return (typeof key === 'string' ? Buffer.byteLength(key) : 8) + valueBytes(value)
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (typeof value === 'number') return 8
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength
  return Buffer.byteLength(json(value))
}

function json(value: unknown): string {
  let cause: unknown
  try {
    const text: string | undefined = JSON.stringify(value)
    if (text !== undefined) return text
  } catch (error) {
    cause = error
  }
  throw new UsageError(
    'TIERCEL_UNSERIALIZABLE_VALUE',
    'set: the value has no form in JSON, so its size is not known. Give sizeOf or sizeBytes.',
    {
      operation: 'set',
      cause,
    },
  )
}
