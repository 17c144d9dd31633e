import type { Timer } from '../kernel/clock.ts'
import { tokenBytes, writeToken } from '../kernel/token.ts'
import type { FenceOutcome, FenceStep, Store } from '../stores/store.ts'
import { type Core, reportStoreFailure } from './core.ts'
import { apply, fenceLifeMs, type InvalidationOutcome } from './invalidate.ts'
import type { Scope, Write } from './scope.ts'
import { beginWrite, endWrite } from './writes.ts'

/** What is fenced, and for how long. */
export interface Fencing extends FenceTimes {
  readonly paths: readonly string[]
  /** Encoded names. */
  readonly tags: readonly string[]
}

export interface FenceTimes {
  readonly fenceMs: number
  readonly holdOffMs: number
}

/** What is to stand in the place of a fence when it is closed. */
export interface Successor {
  readonly value: Buffer
  readonly ttlMs: number
}

/** Renewals per life of a fence. */
const renewals = 3

/** The items of one change in all its fences. */
export class Fences {
  /** Of the paths that were closed with a value: whether it is there. */
  readonly outcomes: Map<string, FenceOutcome> = new Map()
  readonly #core: Core
  readonly #scope: Scope
  readonly #fencing: Fencing
  readonly #owner: Buffer = Buffer.alloc(tokenBytes)
  #renewal: Timer | undefined
  #isClosed = false

  constructor(core: Core, scope: Scope, fencing: Fencing) {
    this.#core = core
    this.#scope = scope
    this.#fencing = fencing
    writeToken(this.#owner, 0)
  }

  /** They stand, and are renewed, until they are closed; those that could not be put stand nowhere. */
  async open(op: 'open' | 'renew' = 'open'): Promise<void> {
    const { fenceMs } = this.#fencing
    await this.#each(op, fenceMs).catch((error) => reportStoreFailure(this.#core, this.#scope.name, 'write', error))
    if (this.#core.l2 === undefined || this.#isClosed) return
    this.#renewal = this.#core.startDeadline(fenceMs / renewals, () => void this.open('renew'))
  }

  /** @param successors by path; what has none is deleted */
  async close(successors: ReadonlyMap<string, Successor> = new Map()): Promise<InvalidationOutcome> {
    this.#isClosed = true
    this.#renewal?.cancel()
    const { paths, tags, holdOffMs } = this.#fencing
    const scope = this.#scope
    const keys = [...paths.map((path) => scope.journalEntry(path)), ...tags.map((name) => scope.journalTag(name))]
    if (this.#core.l2 === undefined) scope.tags.bumpHere(tags)
    return apply(this.#core, scope, keys, () => this.#each('close', holdOffMs, successors))
  }

  async #each(op: FenceStep['op'], forMs: number, successors: ReadonlyMap<string, Successor> = new Map()): Promise<void> {
    const { l2 } = this.#core
    if (l2 === undefined) return
    const { paths, tags } = this.#fencing
    const step = { op, owner: this.#owner, forMs, ttlMs: fenceLifeMs }
    const keys = paths.filter((path) => !successors.has(path)).map((path) => this.#scope.storedKey(path).key)
    const tagKeys = tags.map((name) => this.#scope.tagKey(name))
    await Promise.all([
      keys.length > 0 && l2.fence({ ...step, keys }),
      tagKeys.length > 0 && l2.fence({ ...step, keys: tagKeys, counter: this.#scope.counterKey }),
      ...Array.from(successors, ([path, successor]) => this.#replace(l2, path, successor)),
    ])
  }

  async #replace(l2: Store, path: string, successor: Successor): Promise<void> {
    const step = { op: 'close', owner: this.#owner, forMs: this.#fencing.holdOffMs, ...successor } as const
    const [outcome] = await l2.fence({ ...step, keys: [this.#scope.storedKey(path).key] })
    if (outcome !== undefined) this.outcomes.set(path, outcome)
  }
}

/** From here on this process shares no load of these keys and keeps none: the change may read what is not committed. */
export function enterChange(scope: Scope, { paths, tags }: Fencing): readonly Write[] {
  for (const path of paths) scope.changing.begin(path)
  for (const name of tags) scope.changingTags.begin(name)
  for (const name of tags) scope.tags.touch(scope.tagKey(name))
  return paths.map((path) => beginWrite(scope, path))
}

/** @returns per path whether no later write of this process has begun */
export function leaveChange(scope: Scope, { paths, tags }: Fencing, writes: readonly Write[]): readonly boolean[] {
  const areNewest = paths.map((path, at) => endWrite(scope, path, writes[at] as Write))
  for (const name of tags) scope.tags.touch(scope.tagKey(name))
  for (const path of paths) scope.changing.end(path)
  for (const name of tags) scope.changingTags.end(name)
  return areNewest
}
