/** What this process is changing at its source now, by name, and whether two changes of one name met. */
export class Changing {
  readonly #changes = new Map<string, { count: number; isContended: boolean }>()

  get size(): number {
    return this.#changes.size
  }

  has(name: string): boolean {
    return this.#changes.has(name)
  }

  begin(name: string): void {
    const change = this.#changes.get(name)
    if (change === undefined) {
      this.#changes.set(name, { count: 1, isContended: false })
      return
    }
    change.count += 1
    change.isContended = true
  }

  /** Whether a change that is still under way had, at some time, another beside it: nobody knows which of them the source took last. */
  isContended(name: string): boolean {
    return this.#changes.get(name)?.isContended === true
  }

  end(name: string): void {
    const change = this.#changes.get(name)
    if (change === undefined) return
    change.count -= 1
    if (change.count === 0) this.#changes.delete(name)
  }
}
