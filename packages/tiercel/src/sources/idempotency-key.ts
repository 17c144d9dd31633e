import { createHash } from 'node:crypto'
import type { SourceParams } from './source.ts'

const longest = 200

/**
 * What tells a write from all others, `(key, sequence)`, as the value of an `Idempotency-Key` header: a quoted string of ASCII
 * (draft-ietf-httpapi-idempotency-key-header), the same whenever the write comes again. Parameters that would make it longer than servers take are hashed.
 */
export function idempotencyKey(params: SourceParams, sequence: number): string {
  const names = Object.keys(params).sort()
  const key = names.map((name) => `${encodeURIComponent(name)}=${encodeURIComponent(`${params[name]}`)}`).join('&')
  return `"${key.length <= longest ? key : createHash('sha256').update(key).digest('hex')}:${sequence}"`
}
