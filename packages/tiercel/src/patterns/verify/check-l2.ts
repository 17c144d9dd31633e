import type { Cache } from '../../cache/cache.ts'
import type { Explanation, L1Value } from '../../cache/explain/explanation.ts'
import type { Outcome } from './report.ts'

/**
 * Holds the copy that L1 has just served against L2, by version. Must be called in the turn of the hit.
 *
 * A newer version says itself when it was made: what was served after that was stale for so long. Of a change that left no version (a delete, a tag) it
 * is not known when it was; then the hit proves nothing, but a copy that is still served after L2 was heard to have changed does.
 */
export async function checkAgainstL2(cache: Cache, key: readonly string[]): Promise<Outcome> {
  const hitAtMs = performance.now()
  const first = await cache.explain(key)
  const { l1, l2 } = first
  if (l1.kind !== 'value' || l1.version === null) return { kind: 'undecided' }
  if (l2.kind === 'away' || l1.tags.some(({ state }) => state === 'unknown')) return { kind: 'failed' }
  if (l2.kind === 'value' && l2.version !== l1.version && l2.ageMs !== null) {
    const staleForMs = l2.ageMs - (performance.now() - hitAtMs)
    if (staleForMs <= 0) return { kind: 'consistent' }
    return { kind: 'inconsistent', staleForMs, reason: 'L2 had a newer version' }
  }
  const reason = changeOf(first, l1)
  if (reason === undefined) return { kind: 'consistent' }
  const again = (await cache.explain(key)).l1
  const isServedStill = again.kind === 'value' && again.version === l1.version && again.doubts.length === 0
  return isServedStill ? { kind: 'inconsistent', staleForMs: null, reason } : { kind: 'undecided' }
}

/** What has happened in L2 to the version that L1 has, if anything. */
function changeOf({ l2 }: Explanation, l1: L1Value): string | undefined {
  if (l2.kind !== 'value') return l2.kind === 'nothing' ? 'L2 had nothing any more' : `L2 had a ${l2.kind} in its place`
  const tag = l1.tags.find(({ state }) => state !== 'same' && state !== 'expired')
  if (tag === undefined) return undefined
  return `${tag.name === '' ? 'the namespace' : `tag "${tag.name}"`} had been changed`
}
