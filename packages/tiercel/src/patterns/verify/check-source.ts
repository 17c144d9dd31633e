import type { Cache } from '../../cache/cache.ts'
import type { Outcome } from './report.ts'

export interface SourceCheck {
  readonly load: (key: readonly string[]) => unknown
  readonly isEqual: (served: unknown, loaded: unknown) => boolean
}

/**
 * Holds what the cache serves against its source. The two cannot be read in one moment: a value that differs is looked at again, after the source has
 * answered, and is wrong only if it differs from what the source said before and after, which must be the same.
 */
export async function checkAgainstSource(cache: Cache, key: readonly string[], { load, isEqual }: SourceCheck): Promise<Outcome> {
  const served = await cache.get(key)
  const before = await load(key)
  if (served === undefined) return { kind: 'undecided' }
  if (isEqual(served, before)) return { kind: 'consistent' }
  const again = await cache.get(key)
  const after = await load(key)
  const isProven = again !== undefined && !isEqual(again, before) && isEqual(before, after)
  return isProven ? { kind: 'inconsistent', staleForMs: null, reason: 'the source had another value' } : { kind: 'undecided' }
}
