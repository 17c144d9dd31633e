/** Keeps every item while they are few, and every second, fourth, eighth of them as they become many: at most `limit`, evenly spread. */
export class Thinned<T> {
  readonly #limit: number
  #items: T[] = []
  #every = 1
  #seen = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  add(item: T): void {
    if (this.#seen++ % this.#every !== 0) return
    this.#items.push(item)
    if (this.#items.length <= this.#limit) return
    this.#items = this.#items.filter((_, place) => place % 2 === 0)
    this.#every *= 2
  }

  get items(): readonly T[] {
    return this.#items
  }

  /** How many were added for each that is kept. */
  get every(): number {
    return this.#every
  }
}
