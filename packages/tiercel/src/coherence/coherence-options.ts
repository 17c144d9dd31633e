import { type Duration, durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames, wholeNumber } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'

/** How a process keeps its own copies in step with the others. */
export interface CoherenceOptions {
  /**
   * The bound on staleness: how long a value, or what is known of its tags, is served from this process without proof that a change of it would have
   * been heard. 50 ms to 1 minute. Default: `'1s'`.
   */
  readonly maxStaleness?: Duration
  /**
   * While L2 cannot be asked, how much longer than `maxStaleness` values are served that nothing was heard of, before loaders are called.
   * Default: none, which is one load per process, key and `maxStaleness`.
   */
  readonly serveStaleFor?: Duration | false
  /** Most keys and tags that are remembered to be invalidated again after a failover; beyond, whole namespaces are. 100 to 1 000 000. Default: 20 000. */
  readonly journalKeys?: number
}

export interface Coherence {
  readonly maxStalenessMs: number
  readonly serveStaleForMs: number
  readonly journalKeys: number
}

const shortestMs = 50
const longestMs = 60_000

/** @throws {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} */
export function checkCoherence(options: CoherenceOptions): Coherence {
  checkOptionNames(options, ['maxStaleness', 'serveStaleFor', 'journalKeys'], 'coherence')
  const { maxStaleness = '1s', serveStaleFor = false, journalKeys = 20_000 } = options
  const maxStalenessMs = durationMs(maxStaleness, 'maxStaleness')
  if (maxStalenessMs < shortestMs || maxStalenessMs > longestMs) {
    throw new UsageError('TIERCEL_INVALID_OPTION', `maxStaleness: ${show(maxStaleness)} is not allowed. Allowed: 50 ms to 1 minute.`)
  }
  return {
    maxStalenessMs,
    serveStaleForMs: serveStaleFor === false ? 0 : durationMs(serveStaleFor, 'serveStaleFor'),
    journalKeys: wholeNumber(journalKeys, 100, 1_000_000, 'journalKeys'),
  }
}
