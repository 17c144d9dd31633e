/** What there is instead of a slot. */
export const none = -1

/**
 * Doubly linked lists over slots, in one typed array: a slot is in one list or in none.
 *
 * Each list is a ring through a sentinel, so that taking out and putting in have no cases. Sentinels come first and slots behind them: the
 * array can grow, and a sentinel met as a neighbour reads as a negative slot. A node is named by where its two links stand, the next one and
 * the previous one, side by side since they are always needed together.
 */
export class SlotLists {
  /** The node of slot 0. */
  readonly #first: number
  #links: Int32Array

  constructor(lists: number) {
    this.#first = lists * 2
    this.#links = Int32Array.from({ length: this.#first }, (_, at) => at & ~1)
  }

  /** Makes room for slots below `capacity`. */
  grow(capacity: number): void {
    this.#links = grown(this.#links, this.#first + capacity * 2)
  }

  /** The last slot of `list`; negative when it is empty. */
  last(list: number): number {
    return ((this.#links[list * 2 + 1] as number) - this.#first) >> 1
  }

  /** The slot before `slot`; negative when there is none. */
  before(slot: number): number {
    return ((this.#links[this.#first + slot * 2 + 1] as number) - this.#first) >> 1
  }

  isEmpty(list: number): boolean {
    return this.#links[list * 2] === list * 2
  }

  addFirst(list: number, slot: number): void {
    link(this.#links, list * 2, this.#first + slot * 2)
  }

  remove(slot: number): void {
    unlink(this.#links, this.#first + slot * 2)
  }

  /** `slot`, of whichever list, becomes the first of `list`. */
  moveFirst(list: number, slot: number): void {
    const links = this.#links
    const node = this.#first + slot * 2
    if (links[list * 2] === node) return
    unlink(links, node)
    link(links, list * 2, node)
  }

  /** All slots of `from` become those of `to`, which is empty. */
  moveAll(from: number, to: number): void {
    if (this.isEmpty(from)) return
    const links = this.#links
    const first = links[from * 2] as number
    const last = links[from * 2 + 1] as number
    links[to * 2] = first
    links[first + 1] = to * 2
    links[to * 2 + 1] = last
    links[last] = to * 2
    links[from * 2] = from * 2
    links[from * 2 + 1] = from * 2
  }
}

function unlink(links: Int32Array, node: number): void {
  const next = links[node] as number
  const previous = links[node + 1] as number
  links[previous] = next
  links[next + 1] = previous
}

function link(links: Int32Array, sentinel: number, node: number): void {
  const next = links[sentinel] as number
  links[sentinel] = node
  links[node] = next
  links[node + 1] = sentinel
  links[next + 1] = node
}

/** A longer column with the same beginning. */
export function grown<T extends Int32Array | Uint32Array | Uint8Array | Float64Array>(column: T, length: number): T {
  const longer = new (column.constructor as new (length: number) => T)(length)
  longer.set(column.length > length ? column.subarray(0, length) : column)
  return longer
}
