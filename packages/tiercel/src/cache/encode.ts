import { UsageError } from '../kernel/errors.ts'
import type { Core } from './core.ts'

/** A value in both its forms: as it is held for callers, and as it travels. */
export interface EncodedValue {
  /** `undefined`: the source has none. */
  readonly value: unknown
  /** Of the codec; none for `null` and for what the source does not have. */
  readonly payload: string | Buffer | undefined
}

/**
 * Encodes a value, which also checks it. What is handed out is the value as every later reader will get it, so that no caller sees
 * another shape than the next; only with `share` is it the caller's own object.
 *
 * @throws {TIERCEL_UNDEFINED_VALUE} {TIERCEL_UNSERIALIZABLE_VALUE} {TIERCEL_VALUE_TOO_LARGE}
 */
export function encodeValue(core: Core, value: unknown): EncodedValue {
  if (value === null) return { value, payload: undefined }
  if (value === undefined) {
    throw new UsageError(
      'TIERCEL_UNDEFINED_VALUE',
      'undefined cannot be stored: it means "not in the cache". Store null for "there is none".',
    )
  }
  const payload = core.format.encode(value)
  // Of what is no object only -0 may come back as another: not every codec keeps it.
  const isSame = typeof value === 'object' ? core.sharing === 'share' : !Object.is(value, -0)
  return { value: isSame ? value : core.format.hold(payload), payload }
}

/** As `encodeValue`; `undefined` is what the loader said that the source does not have. */
export function encodeLoaded(core: Core, value: unknown): EncodedValue {
  return value === undefined ? { value, payload: undefined } : encodeValue(core, value)
}
