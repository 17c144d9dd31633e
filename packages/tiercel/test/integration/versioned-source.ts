/** What a value was loaded from: a version per name that it depends on, such as its own and those of its tags. */
export type Versions = Readonly<Record<string, number>>

interface Applied {
  readonly by: object
  readonly atMs: number
  /** Whether others were told, too. */
  readonly isEverywhere: boolean
}

/** A source whose values say which changes they have seen, and since when a cache must not serve what has not. */
export class VersionedSource {
  readonly #versions: Map<string, number> = new Map()
  /** By name: the invalidation that followed each change, the first change first. */
  readonly #applied: Map<string, (Applied | undefined)[]> = new Map()

  read(names: readonly string[]): Versions {
    return Object.fromEntries(names.map((name) => [name, this.#versions.get(name) ?? 0]))
  }

  /** Changes a name, and has the change invalidated by `by`. */
  async change(by: object, names: readonly string[], invalidate: () => Promise<'applied' | 'queued'>): Promise<void> {
    const versions = names.map((name) => this.#bump(name))
    const outcome = await invalidate()
    const applied = { by, atMs: performance.now(), isEverywhere: outcome === 'applied' }
    names.forEach((name, at) => {
      const all = this.#applied.get(name) ?? []
      this.#applied.set(name, all)
      all[(versions[at] as number) - 1] = applied
    })
  }

  /**
   * Why a value should not have been served.
   *
   * @param sentAtMs when it was asked for
   * @param boundMs how long the changes of others may go unnoticed
   * @returns the names whose change it has not seen
   */
  missed(value: Versions, by: object, sentAtMs: number, boundMs: number): string[] {
    return Object.entries(value).flatMap(([name, version]) => {
      const later = (this.#applied.get(name) ?? []).slice(version)
      const isMissed = later.some((applied) => {
        if (applied === undefined) return false
        return applied.by === by ? applied.atMs <= sentAtMs : applied.isEverywhere && applied.atMs <= sentAtMs - boundMs
      })
      return isMissed ? [`${name}@${version}`] : []
    })
  }

  /** As `missed`, by the source alone: what a value would not have, were it loaded now. */
  outdated(value: Versions): string[] {
    return Object.entries(value).flatMap(([name, version]) => ((this.#versions.get(name) ?? 0) > version ? [`${name}@${version}`] : []))
  }

  #bump(name: string): number {
    const version = (this.#versions.get(name) ?? 0) + 1
    this.#versions.set(name, version)
    return version
  }
}
