/**
 * Of all operations from some place on, the one that ended first, in logarithmic time for any place.
 *
 * Sorted by place; beside each is kept which of it and those behind it ended first.
 */
export class EarliestEnd<T extends { readonly endMs: number }> {
  readonly #places: Float64Array
  readonly #first: T[]

  constructor(operations: readonly T[], placeOf: (operation: T) => number) {
    const sorted = operations.toSorted((a, b) => placeOf(a) - placeOf(b))
    this.#places = Float64Array.from(sorted, placeOf)
    let first: T | undefined
    for (let at = sorted.length - 1; at >= 0; at -= 1) {
      const operation = sorted[at] as T
      if (first === undefined || operation.endMs <= first.endMs) first = operation
      sorted[at] = first
    }
    this.#first = sorted
  }

  /** Nothing when there is none at `place` or behind it. */
  from(place: number): T | undefined {
    let [low, high] = [0, this.#places.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#places[middle] as number) < place) low = middle + 1
      else high = middle
    }
    return this.#first[low]
  }
}
