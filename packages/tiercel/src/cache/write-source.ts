import type { HeldToken } from '../coherence/tag.ts'
import { type Core, reportStoreFailure } from './core.ts'
import { enterChange, Fences, type FenceTimes, type Fencing, leaveChange, type Successor } from './fences.ts'
import type { InvalidationOutcome } from './invalidate.ts'
import { entryBytes, newLife, tagLifeMs } from './new-entry.ts'
import type { Scope, Write } from './scope.ts'
import { keepStored, type Prepared, type SetEntry } from './set-entries.ts'
import type { Durability } from './write-log.ts'

/** What became of one write to the source. */
export interface WriteOutcome extends Committed {
  /**
   * What became of the cache's copy. `'stored'`: it is the new value. `'deleted'`: there is none, and the next read loads: it was a removal, or somebody else
   * changed the key at the same time, and nobody knows who was last. `'queued'`: the server could not be reached; as with `mutate`.
   */
  readonly cache: 'stored' | 'deleted' | 'queued'
}

/** Where a write is now. */
export interface Committed {
  /** `'committed'`: the source has it. `'logged'`: it will, in the order of the writes of its key. */
  readonly source: 'committed' | 'logged'
  /** With the key, what tells the write from all others; `undefined` where the source was called at once. */
  readonly sequence: number | undefined
  /** What the write survives. */
  readonly durability: Durability
}

/** One key that changes at the source: to a new value, or away. */
export interface SourceChange {
  readonly path: string
  /** `undefined`: it is removed. */
  readonly entry: SetEntry | undefined
}

/** Writes to the source: one result per change, in their order. What it rejects with holds for all. */
export type Commit = () => Promise<readonly PromiseSettledResult<Committed>[]>

/**
 * Changes the source under fences, and leaves new values in their places: each only where its fence stood all the time and was nobody else's. Elsewhere, and
 * where the source refused or nobody knows, what was stored is deleted.
 *
 * @param changes no path twice
 * @throws what `commit` rejects with; {TIERCEL_SERVER_ERROR} the server refuses to forget what it holds, and the source has the writes
 */
export function writeSource(
  core: Core,
  scope: Scope,
  changes: readonly SourceChange[],
  terms: { readonly times: FenceTimes; readonly commit: Commit },
): Promise<PromiseSettledResult<WriteOutcome>[]> {
  return new SourceWrite(core, scope, changes, terms.times).run(terms.commit)
}

class SourceWrite {
  readonly #core: Core
  readonly #scope: Scope
  readonly #changes: readonly SourceChange[]
  readonly #fencing: Fencing
  readonly #fences: Fences
  readonly #writes: readonly Write[]
  readonly #sentAtMs: number
  /** By path, under the tags as they were before the source changed. */
  #values: ReadonlyMap<string, Prepared> = new Map()

  constructor(core: Core, scope: Scope, changes: readonly SourceChange[], times: FenceTimes) {
    this.#core = core
    this.#scope = scope
    this.#changes = changes
    this.#fencing = { paths: changes.map(({ path }) => path), tags: [], ...times }
    this.#fences = new Fences(core, scope, this.#fencing)
    this.#sentAtMs = core.nowMs()
    if (core.l1 !== undefined) core.changes?.start()
    core.counters.sourceWrites += changes.length
    this.#writes = enterChange(scope, this.#fencing)
  }

  async run(commit: Commit): Promise<PromiseSettledResult<WriteOutcome>[]> {
    let results: readonly PromiseSettledResult<Committed>[]
    let fates: readonly WriteOutcome['cache'][] = []
    try {
      const [tokens] = await Promise.all([Promise.all(this.#changes.map((change) => this.#tokensNow(change))), this.#fences.open()])
      results = await commit()
      this.#values = new Map(this.#changes.flatMap((change, at) => this.#sealed(change, tokens[at], results[at])))
    } finally {
      fates = await this.#close()
    }
    return results.map((result, at) =>
      result.status === 'rejected'
        ? result
        : { status: 'fulfilled', value: { ...result.value, cache: fates[at] as WriteOutcome['cache'] } },
    )
  }

  /** Of the namespace and the tags of the value; `undefined`: it may not be stored, because one is being changed or is not known. */
  async #tokensNow({ entry }: SourceChange): Promise<readonly HeldToken[] | undefined> {
    if (entry === undefined) return undefined
    if (!this.#core.format.hasHeader) return []
    try {
      const snapshot = await entry.scope.tags.snap(entry.tags, tagLifeMs(entry.policy.ttlMs + entry.policy.graceMs))
      return snapshot.isFenced ? undefined : snapshot.tokens
    } catch (error) {
      reportStoreFailure(this.#core, this.#scope.name, 'write', error)
      return undefined
    }
  }

  #sealed(
    { entry }: SourceChange,
    tokens: readonly HeldToken[] | undefined,
    result: PromiseSettledResult<Committed> | undefined,
  ): [path: string, value: Prepared][] {
    if (entry === undefined || tokens === undefined || result?.status !== 'fulfilled') return []
    const { ttlMs, graceMs } = entry.policy
    const life = newLife(this.#core, entry.policy, { ttlMs, graceMs, loadCostMs: 0 })
    const bytes = this.#core.l2 === undefined ? undefined : entryBytes(this.#core, entry, entry.encoded, life, tokens, undefined)
    return [[entry.path, { entry, life, tokens, bytes, sentAtMs: this.#sentAtMs }]]
  }

  async #close(): Promise<readonly WriteOutcome['cache'][]> {
    let stored: readonly boolean[] = []
    let outcome: InvalidationOutcome = 'queued'
    try {
      outcome = await this.#fences.close(this.#successors())
      stored = this.#fencing.paths.map((path) => outcome === 'applied' && this.#isStored(path))
    } finally {
      const areNewest = leaveChange(this.#scope, this.#fencing, this.#writes)
      stored.forEach((isStored, at) => {
        const value = this.#values.get(this.#fencing.paths[at] as string)
        if (isStored && value !== undefined) keepStored(this.#core, value, areNewest[at] === true, this.#writes[at] as Write)
      })
    }
    return stored.map((isStored) => (isStored ? 'stored' : outcome === 'queued' ? 'queued' : 'deleted'))
  }

  #isStored(path: string): boolean {
    if (this.#core.l2 !== undefined) return this.#fences.outcomes.get(path) === 'stored'
    return this.#values.has(path) && this.#fencing.holdOffMs === 0 && !this.#scope.changing.isContended(path)
  }

  #successors(): ReadonlyMap<string, Successor> {
    const successors = Array.from(this.#values).flatMap(([path, { bytes, life }]) =>
      bytes === undefined ? [] : [[path, { value: bytes, ttlMs: life.freshMs + life.graceMs }] as const],
    )
    return new Map(successors)
  }
}
