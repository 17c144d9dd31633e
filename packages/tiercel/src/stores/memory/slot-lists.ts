/** What there is instead of a slot. */
export const none = -1

/**
 * Doubly linked lists over slots, in typed arrays: a slot is in one list or in none.
 *
 * Each list is a ring through a sentinel, so that taking out and putting in have no cases. Sentinels come first in the columns and slots
 * behind them: the columns can grow, and a sentinel met as a neighbour reads as a negative slot.
 */
export class SlotLists {
  readonly #lists: number
  #next: Int32Array
  #previous: Int32Array

  constructor(lists: number) {
    this.#lists = lists
    this.#next = Int32Array.from({ length: lists }, (_, list) => list)
    this.#previous = this.#next.slice()
  }

  /** Makes room for slots below `capacity`. */
  grow(capacity: number): void {
    this.#next = grown(this.#next, this.#lists + capacity)
    this.#previous = grown(this.#previous, this.#lists + capacity)
  }

  /** The last slot of `list`; negative when it is empty. */
  last(list: number): number {
    return (this.#previous[list] as number) - this.#lists
  }

  /** The slot before `slot`; negative when there is none. */
  before(slot: number): number {
    return (this.#previous[slot + this.#lists] as number) - this.#lists
  }

  isEmpty(list: number): boolean {
    return this.#next[list] === list
  }

  addFirst(list: number, slot: number): void {
    this.#link(list, slot + this.#lists, this.#next[list] as number)
  }

  addLast(list: number, slot: number): void {
    this.#link(this.#previous[list] as number, slot + this.#lists, list)
  }

  remove(slot: number): void {
    const node = slot + this.#lists
    const next = this.#next[node] as number
    const previous = this.#previous[node] as number
    this.#next[previous] = next
    this.#previous[next] = previous
  }

  /** `slot`, of whichever list, becomes the first of `list`. */
  moveFirst(list: number, slot: number): void {
    if (this.#next[list] === slot + this.#lists) return
    this.remove(slot)
    this.addFirst(list, slot)
  }

  /** All slots of `from` become those of `to`, which is empty. */
  moveAll(from: number, to: number): void {
    if (this.isEmpty(from)) return
    const first = this.#next[from] as number
    const last = this.#previous[from] as number
    this.#next[to] = first
    this.#previous[first] = to
    this.#previous[to] = last
    this.#next[last] = to
    this.#next[from] = from
    this.#previous[from] = from
  }

  #link(previous: number, node: number, next: number): void {
    this.#next[previous] = node
    this.#previous[node] = previous
    this.#next[node] = next
    this.#previous[next] = node
  }
}

/** A longer column with the same beginning. */
export function grown<T extends Int32Array | Uint32Array | Uint8Array | Float64Array>(column: T, length: number): T {
  const longer = new (column.constructor as new (length: number) => T)(length)
  longer.set(column.length > length ? column.subarray(0, length) : column)
  return longer
}
