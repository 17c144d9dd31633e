import { type Duration, durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import type { Key } from '../kernel/key.ts'
import { checkOptionNames } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import type { Core } from './core.ts'
import { enterChange, Fences, type FenceTimes, type Fencing, leaveChange } from './fences.ts'
import type { InvalidationOutcome } from './invalidate.ts'
import type { Scope } from './scope.ts'
import type { Tag } from './tag-names.ts'

/** What a change of the source makes invalid. At least one key or tag. */
export interface MutateTargets {
  readonly keys?: readonly Key[]
  readonly tags?: readonly Tag[]
}

export interface MutateOptions {
  /**
   * How long nothing may be stored for the keys when this process dies in the middle; renewed while the change runs. Longer than the process might
   * be frozen and still commit. 100 ms to 10 minutes. Default: `'30s'`.
   */
  readonly fence?: Duration
  /**
   * How long nothing may be stored after the change: the longest lag of replicas that loaders read from. At most 10 minutes. Default: none, for
   * loaders that read what was committed.
   */
  readonly holdOff?: Duration | false
}

export interface MutateResult<T> {
  /** What the change returned. */
  readonly result: T
  /** What became of the invalidation: the worst of all keys and tags. */
  readonly outcome: InvalidationOutcome
}

const defaultFence = '30s'
const shortestFenceMs = 100
const longestFenceMs = 600_000
/** @throws {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} */
export function checkMutation(paths: readonly string[], tags: readonly string[], options: MutateOptions = {}): Fencing {
  checkOptionNames(options, ['fence', 'holdOff'], 'mutate')
  if (paths.length + tags.length === 0) throw new UsageError('TIERCEL_INVALID_OPTION', 'mutate: at least one key or tag is needed.')
  return { paths, tags, ...fenceTimes(options) }
}

/** @throws {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} */
export function fenceTimes(options: MutateOptions): FenceTimes {
  const fenceMs = durationMs(options.fence ?? defaultFence, 'fence')
  if (fenceMs < shortestFenceMs || fenceMs > longestFenceMs) {
    throw new UsageError('TIERCEL_INVALID_OPTION', `fence: ${show(options.fence)} is not allowed. Allowed: 100 ms to 10 minutes.`)
  }
  const { holdOff = false } = options
  const holdOffMs = holdOff === false ? 0 : durationMs(holdOff, 'holdOff')
  if (holdOffMs > longestFenceMs) {
    throw new UsageError('TIERCEL_INVALID_OPTION', `holdOff: ${show(options.holdOff)} is not allowed. Allowed: at most 10 minutes.`)
  }
  return { fenceMs, holdOffMs }
}

/**
 * Changes the source with the keys fenced: nothing that is loaded before or during the change is stored, by whomever; afterwards what was stored
 * is deleted. Where the process dies in between, the fence stands until its deadline, and nothing was stored meanwhile either.
 *
 * A fence that could not be put keeps nobody from changing the source: the deletes then go to the journal.
 */
export async function mutate<T>(core: Core, scope: Scope, mutation: Fencing, change: () => T | Promise<T>): Promise<MutateResult<T>> {
  const local = enterChange(scope, mutation)
  const fences = new Fences(core, scope, mutation)
  core.counters.mutations += 1
  let result: T
  let outcome: InvalidationOutcome
  try {
    await fences.open()
    result = await change()
  } finally {
    try {
      outcome = await fences.close()
    } finally {
      leaveChange(scope, mutation, local)
    }
  }
  return { result, outcome }
}
