import { EarliestEnd } from './earliest-end.ts'
import type { SourceChange } from './history.ts'

/** The changes of one key's source, by version. */
export class SourceVersions {
  readonly #byVersion: Map<number, SourceChange> = new Map()
  readonly #committed: EarliestEnd<SourceChange>

  constructor(changes: readonly SourceChange[]) {
    for (const change of changes) this.#byVersion.set(change.version, change)
    const committed = changes.filter(({ outcome }) => outcome === 'committed')
    this.#committed = new EarliestEnd(committed, ({ version }) => version)
  }

  get(version: number): SourceChange | undefined {
    return this.#byVersion.get(version)
  }

  /**
   * The change that proves first that `version` or a newer one is committed. A newer one proves it too, because versions are numbered in the
   * order of commits.
   */
  firstFrom(version: number): SourceChange | undefined {
    return this.#committed.from(version)
  }
}

/** Pairs of changes of one key that cannot both be logged rightly: one version twice, or a lower version that began after a higher had ended. */
export function contradictions(changes: readonly SourceChange[]): [SourceChange, SourceChange][] {
  const found: [SourceChange, SourceChange][] = []
  const sorted = changes.toSorted((a, b) => a.version - b.version)
  let latest: SourceChange | undefined
  let last: SourceChange | undefined
  for (const change of sorted) {
    if (last?.version === change.version) found.push([change, last])
    else if (change.outcome === 'committed' && latest !== undefined && latest.startMs > change.endMs) found.push([change, latest])
    last = change
    if (change.outcome === 'committed' && (latest === undefined || change.startMs > latest.startMs)) latest = change
  }
  return found
}
