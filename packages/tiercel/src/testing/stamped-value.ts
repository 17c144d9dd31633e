import { hashText } from '../kernel/hash.ts'

/** A value that tells whose it is and whether it is whole. */
export interface StampedValue {
  readonly key: string
  readonly version: number
  /** Follows from the two, as long as was asked for. */
  readonly seal: string
}

/**
 * A value to keep in the source under test, so that each read of it can be told: which key it belongs to, which version it is, and whether
 * anything was cut off or mixed in.
 *
 * @param sealLength characters that are added, default 16
 */
export function stampedValue(key: string, version: number, sealLength = 16): StampedValue {
  return { key, version, seal: sealOf(key, version, sealLength) }
}

/** What a `CacheRead` says of a value that was read: its version, nothing for a miss, or in words what is wrong with it. */
export function stampOf(key: string, value: unknown): { readonly version?: number; readonly foreign?: string } {
  if (value === undefined) return {}
  if (!isStamped(value)) return { foreign: `something without a stamp: ${JSON.stringify(value)?.slice(0, 60)}` }
  if (value.seal !== sealOf(value.key, value.version, value.seal.length)) return { foreign: 'a value that is torn' }
  return value.key === key ? { version: value.version } : { foreign: `version ${value.version} of ${JSON.stringify(value.key)}` }
}

function isStamped(value: unknown): value is StampedValue {
  if (typeof value !== 'object' || value === null) return false
  const { key, version, seal } = value as Partial<StampedValue>
  return typeof key === 'string' && typeof version === 'number' && typeof seal === 'string'
}

function sealOf(key: string, version: number, length: number): string {
  const [high, low] = hashText(`${version}:${key}:${length}`)
  const unit = high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
  return unit.repeat(Math.ceil(length / unit.length)).slice(0, length)
}
