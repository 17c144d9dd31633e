import { type Duration, durationMs } from '../kernel/duration.ts'
import { checkOptionNames, oneOf } from '../kernel/options.ts'
import type { TagsOf } from './announcements.ts'

export interface CheckOptions {
  /** For how long after an applied invalidation what it overtook may still be read, by other processes: the cache's own bound. 0: never. Default `'1s'`. */
  readonly maxStaleness?: Duration | 0
  /** Added to it: how far the clocks of the processes may be apart, and the grain of the clock that the cache itself looks at. Default 0. */
  readonly tolerance?: Duration | 0
  /** The tags that the values of a key carry, the same throughout the history. Default: none. */
  readonly tagsOf?: (key: string) => readonly string[]
  /**
   * When a process that has read a version may no longer read an older one. `announced`: if an applied invalidation had told of the version before
   * it was read; until then, a cache may have the old value in one place and the new one in another. `always`, as a single register would
   * promise. Default `announced`.
   */
  readonly monotonic?: 'announced' | 'always'
  /** Whether a process must also see what its own *queued* invalidations stand for. Default false. */
  readonly ownQueued?: boolean
}

export interface CheckRules {
  readonly allowedMs: number
  readonly tagsOf: TagsOf
  readonly isAlwaysMonotonic: boolean
  readonly ownOutcomes: ReadonlySet<string>
  readonly toleranceMs: number
}

export function checkRules(options: CheckOptions): CheckRules {
  checkOptionNames(options, ['maxStaleness', 'tolerance', 'tagsOf', 'monotonic', 'ownQueued'], 'checkHistory')
  const { maxStaleness = '1s', tolerance = 0, tagsOf = () => [], monotonic = 'announced', ownQueued = false } = options
  const toleranceMs = tolerance === 0 ? 0 : durationMs(tolerance, 'tolerance')
  return {
    toleranceMs,
    allowedMs: toleranceMs + (maxStaleness === 0 ? 0 : durationMs(maxStaleness, 'maxStaleness')),
    tagsOf,
    isAlwaysMonotonic: oneOf(monotonic, ['announced', 'always'], 'monotonic') === 'always',
    ownOutcomes: new Set(ownQueued ? ['applied', 'queued'] : ['applied']),
  }
}
