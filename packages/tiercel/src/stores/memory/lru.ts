import type { Budget, EvictionPolicy } from './eviction-policy.ts'
import { grown, SlotLists } from './slot-lists.ts'

const recency = 0

/** The least recently used entry leaves. No parameters and no chance: two runs of the same calls keep the same entries. */
export class Lru implements EvictionPolicy {
  readonly #budget: Budget
  readonly #list: SlotLists = new SlotLists(1)
  #sizes: Uint32Array = new Uint32Array(0)
  entries = 0
  sizeBytes = 0
  readonly steps = 0
  readonly usesHashes = false

  constructor(budget: Budget) {
    this.#budget = budget
  }

  get isOver(): boolean {
    return this.entries > this.#budget.maxEntries || this.sizeBytes > this.#budget.maxBytes
  }

  grow(capacity: number): void {
    this.#list.grow(capacity)
    if (this.#budget.isWeighed) this.#sizes = grown(this.#sizes, capacity)
  }

  add(slot: number, _hash: number, sizeBytes: number): void {
    if (this.#budget.isWeighed) this.#sizes[slot] = sizeBytes
    this.#list.addFirst(recency, slot)
    this.entries += 1
    this.sizeBytes += sizeBytes
  }

  hit(slot: number): void {
    this.#list.moveFirst(recency, slot)
  }

  replace(slot: number, sizeBytes: number): void {
    this.sizeBytes += sizeBytes - this.#sizeOf(slot)
    if (this.#budget.isWeighed) this.#sizes[slot] = sizeBytes
    this.#list.moveFirst(recency, slot)
  }

  remove(slot: number): void {
    this.#list.remove(slot)
    this.entries -= 1
    this.sizeBytes -= this.#sizeOf(slot)
  }

  victim(): number {
    return this.#list.last(recency)
  }

  #sizeOf(slot: number): number {
    return this.#budget.isWeighed ? (this.#sizes[slot] as number) : 0
  }
}
