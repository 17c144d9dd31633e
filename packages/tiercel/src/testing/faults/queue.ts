const maxLeftBehind = 1_024

/** First in, first out, also when very many wait: a plain array moves all of them for each that leaves. */
export class Queue<T> {
  #items: T[] = []
  #first = 0

  get first(): T | undefined {
    return this.#items[this.#first]
  }

  add(item: T): void {
    this.#items.push(item)
  }

  removeFirst(): void {
    if (this.#first >= this.#items.length) return
    this.#first += 1
    if (this.#first < maxLeftBehind || this.#first * 2 < this.#items.length) return
    this.#items = this.#items.slice(this.#first)
    this.#first = 0
  }

  some(test: (item: T) => boolean): boolean {
    return this.#items.some((item, at) => at >= this.#first && test(item))
  }
}
