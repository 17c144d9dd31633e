import type { CacheRead, CheckOptions, FindingKind, Invalidation, Operation, SourceChange } from '../../src/testing/index.ts'

export type Rules = Required<Pick<CheckOptions, 'tagsOf' | 'monotonic' | 'ownQueued'>> & {
  readonly maxStalenessMs: number
  readonly toleranceMs: number
}

/** The rules word by word, over all pairs and triples of operations. @returns `kind at` for each read, by its place in the history */
export function bruteForce(history: readonly Operation[], rules: Rules): string[] {
  const check = new BruteForce(history, rules)
  return history.flatMap((operation, at) => (operation.kind === 'read' ? check.kindsOf(operation).map((kind) => `${kind} ${at}`) : []))
}

class BruteForce {
  readonly #rules: Rules
  readonly #reads: readonly CacheRead[]
  readonly #changes: readonly SourceChange[]
  readonly #invalidations: readonly Invalidation[]

  constructor(history: readonly Operation[], rules: Rules) {
    this.#rules = rules
    this.#reads = history.filter((operation) => operation.kind === 'read')
    this.#changes = history.filter((operation) => operation.kind === 'change')
    this.#invalidations = history.filter((operation) => operation.kind === 'invalidation')
  }

  kindsOf(read: CacheRead): FindingKind[] {
    const value = this.#valueFault(read)
    if (value !== undefined) return [value]
    if (read.version === undefined) return []
    const kinds: FindingKind[] = []
    if (this.#isStale(read)) kinds.push('stale')
    if (this.#isOwnMissed(read)) kinds.push('own-write-missed')
    if (this.#isBackwards(read)) kinds.push('backwards')
    return kinds
  }

  #valueFault({ key, version, foreign, endMs }: CacheRead): FindingKind | undefined {
    if (foreign !== undefined) return 'wrong'
    if (version === undefined || version === 0) return undefined
    const change = this.#changes.find((other) => other.key === key && other.version === version)
    if (change === undefined) return 'wrong'
    return change.outcome === 'aborted' || endMs < change.startMs ? 'phantom' : undefined
  }

  #isStale(read: CacheRead): boolean {
    const { toleranceMs, maxStalenessMs } = this.#rules
    const allowedMs = toleranceMs + (read.exact ? 0 : maxStalenessMs)
    return this.#telling(read.key, (read.version ?? 0) + 1).some(
      (told) => told.outcome === 'applied' && read.startMs > told.endMs + allowedMs,
    )
  }

  #isOwnMissed(read: CacheRead): boolean {
    return this.#telling(read.key, (read.version ?? 0) + 1).some(
      (told) =>
        told.process === read.process &&
        (told.outcome === 'applied' || (this.#rules.ownQueued && told.outcome === 'queued')) &&
        read.startMs > told.endMs,
    )
  }

  #isBackwards(read: CacheRead): boolean {
    return this.#reads.some(
      (earlier) =>
        earlier.key === read.key &&
        earlier.process === read.process &&
        earlier.endMs < read.startMs &&
        (earlier.version ?? 0) > (read.version ?? 0) &&
        this.#valueFault(earlier) === undefined &&
        (this.#rules.monotonic === 'always' ||
          this.#telling(earlier.key, earlier.version ?? 0).some((told) => told.outcome === 'applied' && told.endMs < earlier.startMs)),
    )
  }

  /** The invalidations that tell of `version` or a newer one. */
  #telling(key: string, version: number): Invalidation[] {
    const committed = this.#changes.filter((change) => change.key === key && change.version >= version && change.outcome === 'committed')
    return this.#invalidations.filter((told) => this.#covers(told, key) && committed.some((change) => change.endMs <= told.startMs))
  }

  #covers({ keys, tags, all }: Invalidation, key: string): boolean {
    if (all) return true
    return keys?.includes(key) === true || this.#rules.tagsOf(key).some((tag) => tags?.includes(tag))
  }
}
