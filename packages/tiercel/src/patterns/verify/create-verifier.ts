import { isDeepStrictEqual } from 'node:util'
import type { Cache } from '../../cache/cache.ts'
import { UsageError } from '../../kernel/errors.ts'
import { splitPath } from '../../kernel/key.ts'
import { checkOptionNames, wholeNumber } from '../../kernel/options.ts'
import { show } from '../../kernel/show.ts'
import type { CacheEvent } from '../../telemetry/event.ts'
import { checkAgainstL2 } from './check-l2.ts'
import { checkAgainstSource } from './check-source.ts'
import { type Outcome, Tally, type VerifierReport } from './report.ts'

export interface VerifierOptions {
  /** The part of hits that is checked, 0 to 1. Default: 0.01. */
  readonly sample?: number
  /** Checks at most per second, 1 to 10,000. Default: 10. */
  readonly maxPerSecond?: number
  /** Checks at most under way at once, 1 to 1,000. Default: 2. */
  readonly concurrency?: number
  /** Inconsistent keys that the report shows, the last ones, 0 to 1,000. Default: 20. */
  readonly examples?: number
  /**
   * What the source has now under a key, told as its parts in text; hits of both tiers are then held against it, and values are compared. Default: hits of L1
   * are held against L2, by version.
   */
  readonly load?: (key: readonly string[]) => unknown
  /** Whether what was served is what `load` returned. Default: equal in depth, types included. */
  readonly isEqual?: (served: unknown, loaded: unknown) => boolean
  /** Chance, 0 to 1, for tests. Default: `Math.random`. */
  readonly random?: () => number
}

export interface Verifier {
  /** What has been found so far. */
  report(): VerifierReport
  /** Chooses no more hits, and waits for the checks under way. May be called twice. */
  close(): Promise<void>
}

const optionNames = ['sample', 'maxPerSecond', 'concurrency', 'examples', 'load', 'isEqual', 'random']

/**
 * Checks a sample of a cache's hits in the background, and tells how consistent they were and how stale the others.
 *
 * Hits of this handle's own namespace are looked at, by its events; what is served stale on purpose, within its grace, is not. What has no budget is not
 * checked later but skipped.
 *
 * Against L2, `staleFor` is the time from when the newer version was made, by the server's clock and on its way to the server, to the hit. The change of the
 * source came before that: by as long as the value was not loaded anew. Of changes that left no newer version, and against a source, it is not known.
 *
 * @throws {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_LOADER}
 * @remarks Costs: an event per hit; per check against L2 what `explain` costs, twice where something was found; per check against a source one or two reads and
 *   loads, and these reads count in `stats` and as uses.
 * @example
 * const verifier = createVerifier(cache, { sample: 0.001 })
 * setInterval(() => metrics.gauge('cache.nines', verifier.report().nines), 60_000)
 */
export function createVerifier(cache: Cache, options: VerifierOptions = {}): Verifier {
  checkOptionNames(options, optionNames, 'createVerifier')
  const { load, isEqual = isDeepStrictEqual, random = Math.random } = options
  const sample = checkSample(options.sample ?? 0.01)
  const minGapMs = 1_000 / wholeNumber(options.maxPerSecond ?? 10, 1, 10_000, 'maxPerSecond')
  const concurrency = wholeNumber(options.concurrency ?? 2, 1, 1_000, 'concurrency')
  for (const [name, given] of Object.entries({ load, isEqual, random })) checkFunction(name, given)
  const tally = new Tally(wholeNumber(options.examples ?? 20, 0, 1_000, 'examples'))
  /** By key: a check's own reads are hits too, and are none of ours. */
  const underWay = new Map<string, Promise<void>>()
  let nextAtMs = Number.NEGATIVE_INFINITY

  async function check(path: string): Promise<void> {
    const key = splitPath(path)
    let outcome: Outcome
    try {
      outcome = await (load === undefined ? checkAgainstL2(cache, key) : checkAgainstSource(cache, key, { load, isEqual }))
    } catch {
      outcome = { kind: 'failed' }
    }
    tally.add(path, outcome)
  }

  function onEvent(event: CacheEvent): void {
    if (event.type !== 'read.hit' || event.namespace !== cache.name || event.isStale) return
    if ((load === undefined && event.tier !== 'l1') || underWay.has(event.key)) return
    tally.hits += 1
    if (random() >= sample) return
    const nowMs = performance.now()
    if (nowMs < nextAtMs || underWay.size >= concurrency) {
      tally.skipped += 1
      return
    }
    nextAtMs = nowMs + minGapMs
    // In the map before it begins: its first read may be told of at once.
    underWay.set(event.key, Promise.resolve())
    const checking = check(event.key).finally(() => underWay.delete(event.key))
    if (underWay.has(event.key)) underWay.set(event.key, checking)
  }

  const stop = cache.on(onEvent)
  return {
    report: () => tally.report(),
    async close() {
      stop()
      await Promise.all(underWay.values())
    },
  }
}

function checkSample(sample: number): number {
  if (typeof sample === 'number' && sample >= 0 && sample <= 1) return sample
  throw new UsageError('TIERCEL_INVALID_OPTION', `sample: ${show(sample)} is not allowed. Allowed: 0 to 1.`)
}

function checkFunction(name: string, given: unknown): void {
  if (given === undefined || typeof given === 'function') return
  const code = name === 'load' ? 'TIERCEL_INVALID_LOADER' : 'TIERCEL_INVALID_OPTION'
  throw new UsageError(code, `${name}: ${show(given)} is not a function.`)
}
