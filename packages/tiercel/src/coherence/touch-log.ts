/** How many changes are remembered by name. */
const remembered = 64

/**
 * The last changes of tags, for loads that are under way: who would share one asks what happened since it began. An array of names, so that
 * a change costs the same however many loads there are.
 */
export class TouchLog {
  /** How many there have been. */
  count = 0
  readonly #names: (string | undefined)[] = []

  /** @param name `undefined`: any may have changed */
  add(name: string | undefined): void {
    this.#names[this.count % remembered] = name
    this.count += 1
  }

  /** @returns the names since `count`; `undefined` when that cannot be told */
  since(count: number): ReadonlySet<string> | undefined {
    if (this.count - count > remembered) return undefined
    const names = new Set<string>()
    for (let at = count; at < this.count; at += 1) {
      const name = this.#names[at % remembered]
      if (name === undefined) return undefined
      names.add(name)
    }
    return names
  }
}
