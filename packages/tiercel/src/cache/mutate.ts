import type { Timer } from '../kernel/clock.ts'
import { type Duration, durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import type { Key } from '../kernel/key.ts'
import { checkOptionNames } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import { tokenBytes, writeToken } from '../kernel/token.ts'
import { type Core, reportStoreFailure } from './core.ts'
import { apply, fenceLifeMs, type InvalidationOutcome } from './invalidate.ts'
import type { Scope, Write } from './scope.ts'
import type { Tag } from './tag-names.ts'
import { beginWrite, endWrite } from './writes.ts'

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

/** Targets and options, checked. */
export interface Mutation {
  readonly paths: readonly string[]
  /** Encoded names. */
  readonly tags: readonly string[]
  readonly fenceMs: number
  readonly holdOffMs: number
}

const defaultFence = '30s'
const shortestFenceMs = 100
const longestFenceMs = 600_000
/** Renewals per life of a fence. */
const renewals = 3

export function checkMutation(paths: readonly string[], tags: readonly string[], options: MutateOptions = {}): Mutation {
  checkOptionNames(options, ['fence', 'holdOff'], 'mutate')
  if (paths.length + tags.length === 0) throw new UsageError('TIERCEL_INVALID_OPTION', 'mutate: at least one key or tag is needed.')
  const fenceMs = durationMs(options.fence ?? defaultFence, 'fence')
  if (fenceMs < shortestFenceMs || fenceMs > longestFenceMs) {
    throw new UsageError('TIERCEL_INVALID_OPTION', `fence: ${show(options.fence)} is not allowed. Allowed: 100 ms to 10 minutes.`)
  }
  const { holdOff = false } = options
  const holdOffMs = holdOff === false ? 0 : durationMs(holdOff, 'holdOff')
  if (holdOffMs > longestFenceMs) {
    throw new UsageError('TIERCEL_INVALID_OPTION', `holdOff: ${show(options.holdOff)} is not allowed. Allowed: at most 10 minutes.`)
  }
  return { paths, tags, fenceMs, holdOffMs }
}

/**
 * Changes the source with the keys fenced: nothing that is loaded before or during the change is stored, by whomever; afterwards what was stored
 * is deleted. Where the process dies in between, the fence stands until its deadline, and nothing was stored meanwhile either.
 *
 * A fence that could not be put keeps nobody from changing the source: the deletes then go to the journal.
 */
export async function mutate<T>(core: Core, scope: Scope, mutation: Mutation, change: () => T | Promise<T>): Promise<MutateResult<T>> {
  const local = enter(scope, mutation)
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
      leave(scope, mutation, local)
    }
  }
  return { result, outcome }
}

/** The items of one change in all its fences. */
class Fences {
  readonly #core: Core
  readonly #scope: Scope
  readonly #mutation: Mutation
  readonly #owner: Buffer = Buffer.alloc(tokenBytes)
  #renewal: Timer | undefined
  #isClosed = false

  constructor(core: Core, scope: Scope, mutation: Mutation) {
    this.#core = core
    this.#scope = scope
    this.#mutation = mutation
    writeToken(this.#owner, 0)
  }

  /** Opened again, an item has a new deadline: that is how it is renewed. */
  async open(): Promise<void> {
    const { fenceMs } = this.#mutation
    await this.#each('open', fenceMs).catch((error) => reportStoreFailure(this.#core, this.#scope.name, 'write', error))
    if (this.#core.l2 === undefined || this.#isClosed) return
    this.#renewal = this.#core.startDeadline(fenceMs / renewals, () => void this.open())
  }

  async close(): Promise<InvalidationOutcome> {
    this.#isClosed = true
    this.#renewal?.cancel()
    const { paths, tags, holdOffMs } = this.#mutation
    const scope = this.#scope
    const keys = [...paths.map((path) => scope.journalEntry(path)), ...tags.map((name) => scope.journalTag(name))]
    if (this.#core.l2 === undefined) scope.tags.bumpHere(tags)
    return apply(this.#core, scope, keys, () => this.#each('close', holdOffMs))
  }

  async #each(op: 'open' | 'close', forMs: number): Promise<void> {
    const { l2 } = this.#core
    if (l2 === undefined) return
    const { paths, tags } = this.#mutation
    const step = { op, owner: this.#owner, forMs, ttlMs: fenceLifeMs }
    const keys = paths.map((path) => this.#scope.storedKey(path).key)
    const tagKeys = tags.map((name) => this.#scope.tagKey(name))
    await Promise.all([
      keys.length > 0 && l2.fence({ ...step, keys }),
      tagKeys.length > 0 && l2.fence({ ...step, keys: tagKeys, counter: this.#scope.counterKey }),
    ])
  }
}

/** From here on this process shares no load of these keys and keeps none: the change may read what is not committed. */
function enter(scope: Scope, { paths, tags }: Mutation): readonly Write[] {
  for (const path of paths) count(scope.changing, path, 1)
  for (const name of tags) count(scope.changingTags, name, 1)
  for (const name of tags) scope.tags.touch(scope.tagKey(name))
  return paths.map((path) => beginWrite(scope, path))
}

function leave(scope: Scope, { paths, tags }: Mutation, writes: readonly Write[]): void {
  paths.forEach((path, at) => {
    endWrite(scope, path, writes[at] as Write)
  })
  for (const name of tags) scope.tags.touch(scope.tagKey(name))
  for (const path of paths) count(scope.changing, path, -1)
  for (const name of tags) count(scope.changingTags, name, -1)
}

function count(counts: Map<string, number>, name: string, by: number): void {
  const sum = (counts.get(name) ?? 0) + by
  if (sum === 0) counts.delete(name)
  else counts.set(name, sum)
}
