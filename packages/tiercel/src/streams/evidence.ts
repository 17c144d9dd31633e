/** How many records got through, by receiver: what shows that it works. */
export class Evidence {
  readonly #counts: Map<string, number> = new Map()

  of(group: string): number {
    return this.#counts.get(group) ?? 0
  }

  add(group: string): void {
    this.#counts.set(group, this.of(group) + 1)
  }
}
