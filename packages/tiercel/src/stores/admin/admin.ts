import type { Client } from '../../client/client.ts'
import { type Duration, durationMs } from '../../kernel/duration.ts'
import { UsageError } from '../../kernel/errors.ts'
import { checkOptionNames, checkSignal, wholeNumber } from '../../kernel/options.ts'
import { show } from '../../kernel/show.ts'
import { globOf } from './glob.ts'
import { Pace } from './pace.ts'
import { type ScanPage, type ScanPlan, scanPrimaries } from './scan.ts'
import { step } from './step.ts'
import { unlinkUnlessFenced } from './unlink.ts'

/**
 * Operations on all keys of a cache, or many: for people and jobs, not for requests. Each looks at every key of the server, at a bounded rate.
 *
 * Keys are told as paths, as they are stored (`product:7:details`); of a path that was too long to be stored as it is, as its hash. What is written or moved
 * to another primary meanwhile may be missed. Nothing is sent that is not under the cache's own prefix.
 *
 * All of them throw {TIERCEL_UNSUPPORTED} where no store can look through its keys, {TIERCEL_CLOSED}, {TIERCEL_STORE_UNAVAILABLE} {TIERCEL_STORE_DEADLINE} {TIERCEL_SERVER_ERROR}, {TIERCEL_INVALID_OPTION}
 * {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_DURATION}, or the signal's reason.
 */
export interface Admin {
  /** The paths, each once. All of them in memory: for many use `scan`. */
  keys(options?: AdminScanOptions): Promise<string[]>
  /** The paths one by one, as they are found. One may come twice. */
  scan(options?: AdminScanOptions): AsyncIterable<string>
  /**
   * Deletes the entries whose path begins with `prefix`; an empty one is all. What a `mutate` has fenced is left alone: it deletes that itself.
   * Local copies in other processes go as with any delete.
   */
  deleteByPrefix(prefix: string, options?: AdminDeleteOptions): Promise<AdminDeleted>
  /** As `deleteByPrefix`, for the paths that match a glob: `*`, `?`, `[a-c]`, `[^a]`; a backslash takes the meaning from what follows. */
  deleteByPattern(pattern: string, options?: AdminDeleteOptions): Promise<AdminDeleted>
}

export interface AdminStepOptions {
  /** How many keys the server looks at per call. 1 to 10,000; default 500. More is quicker, and keeps others waiting longer. */
  readonly count?: number
  /** How many keys are looked at per second, over all primaries. Whole, from 1; default 50,000. `Infinity` for no limit. */
  readonly maxPerSecond?: number
  /** What one call to the server may take. 1 ms to 10 years; default 5 s. */
  readonly timeout?: Duration
  /** Ends the operation between two calls. What was deleted stays deleted. */
  readonly signal?: AbortSignal
}

export interface AdminScanOptions extends AdminStepOptions {
  /** Only paths that begin so. */
  readonly prefix?: string
  /** Only paths that match this glob. Not together with `prefix`. */
  readonly pattern?: string
}

export interface AdminDeleteOptions extends AdminStepOptions {
  /** Called after each call to the server. */
  readonly onProgress?: (progress: AdminProgress) => void
}

export interface AdminDeleted {
  readonly deleted: number
  /** Left alone, because a `mutate` was under way. */
  readonly fenced: number
}

export interface AdminProgress extends AdminDeleted {
  /** Primaries that were looked through, of how many. */
  readonly nodesDone: number
  readonly nodes: number
}

export interface AdminSource {
  /** A client that is ready. */
  readonly client: () => Promise<Client>
  /** What all entries of the cache are stored under, and nothing else. Not empty. */
  readonly prefix: string
  /** Told of the keys of each call, once they were deleted or found to be fenced. */
  readonly onDeleted?: (keys: readonly string[]) => void
}

export function createAdmin({ client, prefix, onDeleted }: AdminSource): Admin {
  if (prefix === '') throw new UsageError('TIERCEL_INVALID_OPTION', 'prefix: an empty one would be everything on the server.')

  async function* pages(glob: string, options: AdminStepOptions): AsyncGenerator<ScanPage> {
    const plan = planOf(globOf(prefix) + glob, options)
    for await (const page of scanPrimaries(await client(), plan)) {
      yield { ...page, keys: page.keys.filter((key) => key.startsWith(prefix)) }
    }
  }

  async function* scan(options: AdminScanOptions = {}): AsyncGenerator<string> {
    checkOptionNames(options, [...stepOptions, 'prefix', 'pattern'], 'scan')
    for await (const { keys } of pages(globOfOptions(options), options)) for (const key of keys) yield key.slice(prefix.length)
  }

  async function remove(glob: string, options: AdminDeleteOptions): Promise<AdminDeleted> {
    const total = { deleted: 0, fenced: 0 }
    const { timeoutMs, signal } = planOf(glob, options)
    for await (const { keys, nodesDone, nodes } of pages(glob, options)) {
      const done = await step(unlinkUnlessFenced(await client(), keys), timeoutMs, signal)
      onDeleted?.(keys)
      total.deleted += done.deleted
      total.fenced += done.fenced
      options.onProgress?.({ ...total, nodesDone, nodes })
    }
    return total
  }

  return {
    scan,
    async keys(options) {
      const paths = new Set<string>()
      for await (const path of scan(options)) paths.add(path)
      return [...paths]
    },
    async deleteByPrefix(given, options = {}) {
      checkOptionNames(options, [...stepOptions, 'onProgress'], 'deleteByPrefix')
      return remove(`${globOf(text(given, 'prefix'))}*`, options)
    },
    async deleteByPattern(given, options = {}) {
      checkOptionNames(options, [...stepOptions, 'onProgress'], 'deleteByPattern')
      return remove(text(given, 'pattern'), options)
    },
  }
}

const stepOptions = ['count', 'maxPerSecond', 'timeout', 'signal']

function planOf(match: string, options: AdminStepOptions): ScanPlan {
  const { count = 500, maxPerSecond = 50_000, timeout = '5s' } = options
  const signal = checkSignal(options.signal)
  const perSecond = maxPerSecond === Number.POSITIVE_INFINITY ? maxPerSecond : wholeNumber(maxPerSecond, 1, 1e9, 'maxPerSecond')
  return {
    match,
    count: wholeNumber(count, 1, 10_000, 'count'),
    pace: new Pace(perSecond, signal),
    timeoutMs: durationMs(timeout, 'timeout'),
    signal,
  }
}

function globOfOptions({ prefix, pattern }: AdminScanOptions): string {
  if (prefix !== undefined && pattern !== undefined) {
    throw new UsageError('TIERCEL_INVALID_OPTION', 'prefix, pattern: give one of them; a pattern can begin with what the prefix would be.')
  }
  return pattern === undefined ? `${globOf(text(prefix ?? '', 'prefix'))}*` : text(pattern, 'pattern')
}

function text(given: unknown, option: string): string {
  if (typeof given === 'string' && given.isWellFormed()) return given
  throw new UsageError('TIERCEL_INVALID_OPTION', `${option}: ${show(given)} is not allowed. Allowed: text.`)
}
