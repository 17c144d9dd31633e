/**
 * Values in this process, at most so many and so large, least recently used first out, each for its own time.
 *
 * One arena of slots serves many partitions (one per namespace), so that all namespaces share one budget and a busy one takes room from
 * a quiet one. Recency is a doubly linked list in typed arrays: a hit moves a few integers and allocates nothing. A `Map` as the queue would
 * be shorter and collapses under eviction, because it walks its deleted slots.
 *
 * A partition's own `Map` finds the slot of a path. Looking up by the caller's own string matters: its hash is computed once in its life,
 * where a prefix put before it would be hashed on every call.
 *
 * What has run out is not served, and leaves when it is read or when it has become the least recently used.
 */
export interface LruOptions {
  /** At most this many entries, or `undefined`: bounded by size alone. */
  readonly maxEntries: number | undefined
  /** At most this many bytes as weighed by the callers, or `undefined`: bounded by number alone. */
  readonly maxBytes: number | undefined
  readonly nowMs: () => number
  readonly onEvict?: ((partition: LruPartition, path: string) => void) | undefined
}

const none = -1
const firstCapacity = 1_024
/** What an empty slot holds, so that keys and values stay of one kind each. */
const emptyKey = ''

export class BoundedLru {
  readonly #options: LruOptions
  #capacity: number
  #keys: string[]
  #values: unknown[]
  #owners: (LruPartition | undefined)[]
  #expiresAtMs: Float64Array
  #sizes: Float64Array
  #next: Int32Array
  #previous: Int32Array
  #head = none
  #tail = none
  #free = none
  #used = 0
  #entries = 0
  #sizeBytes = 0
  #evictions = 0

  constructor(options: LruOptions) {
    this.#options = options
    this.#capacity = Math.min(options.maxEntries ?? firstCapacity, firstCapacity)
    this.#keys = []
    this.#values = []
    this.#owners = []
    this.#expiresAtMs = new Float64Array(this.#capacity)
    this.#sizes = new Float64Array(this.#capacity)
    this.#next = new Int32Array(this.#capacity)
    this.#previous = new Int32Array(this.#capacity)
  }

  get entries(): number {
    return this.#entries
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get evictions(): number {
    return this.#evictions
  }

  partition(name: string): LruPartition {
    return new LruPartition(this, name)
  }

  /** The value in a slot, which becomes the most recently used; `undefined` when its time is over. */
  read(slot: number): unknown {
    if ((this.#expiresAtMs[slot] as number) <= this.#options.nowMs()) {
      this.remove(slot)
      return undefined
    }
    if (slot !== this.#head) {
      this.#unlink(slot)
      this.#linkFirst(slot)
    }
    return this.#values[slot]
  }

  /** Stores a new entry and returns its slot, or `undefined` when it is larger than all there is. Evicts what must go. */
  add(owner: LruPartition, path: string, value: unknown, sizeBytes: number, expiresAtMs: number): number | undefined {
    const { maxBytes, maxEntries } = this.#options
    if (maxBytes !== undefined && sizeBytes > maxBytes) return undefined
    if (maxBytes !== undefined) while (this.#sizeBytes + sizeBytes > maxBytes) this.#evictLast()
    if (maxEntries !== undefined) while (this.#entries >= maxEntries) this.#evictLast()
    const slot = this.#takeSlot()
    this.#keys[slot] = path
    this.#values[slot] = value
    this.#owners[slot] = owner
    this.#expiresAtMs[slot] = expiresAtMs
    this.#sizes[slot] = sizeBytes
    this.#sizeBytes += sizeBytes
    this.#entries += 1
    this.#linkFirst(slot)
    return slot
  }

  remove(slot: number): void {
    const owner = this.#owners[slot]
    if (owner === undefined) return
    owner.slots.delete(this.#keys[slot] as string)
    this.#unlink(slot)
    this.#sizeBytes -= this.#sizes[slot] as number
    this.#entries -= 1
    this.#keys[slot] = emptyKey
    this.#values[slot] = undefined
    this.#owners[slot] = undefined
    this.#next[slot] = this.#free
    this.#free = slot
  }

  clear(): void {
    while (this.#tail !== none) this.remove(this.#tail)
  }

  #evictLast(): void {
    const slot = this.#tail
    const owner = this.#owners[slot] as LruPartition
    const path = this.#keys[slot] as string
    this.remove(slot)
    this.#evictions += 1
    this.#options.onEvict?.(owner, path)
  }

  #takeSlot(): number {
    if (this.#free !== none) {
      const slot = this.#free
      this.#free = this.#next[slot] as number
      return slot
    }
    if (this.#used === this.#capacity) this.#grow()
    return this.#used++
  }

  #grow(): void {
    this.#capacity = Math.min(this.#capacity * 2, this.#options.maxEntries ?? Number.MAX_SAFE_INTEGER)
    this.#expiresAtMs = copyInto(new Float64Array(this.#capacity), this.#expiresAtMs)
    this.#sizes = copyInto(new Float64Array(this.#capacity), this.#sizes)
    this.#next = copyInto(new Int32Array(this.#capacity), this.#next)
    this.#previous = copyInto(new Int32Array(this.#capacity), this.#previous)
  }

  #unlink(slot: number): void {
    const next = this.#next[slot] as number
    const previous = this.#previous[slot] as number
    if (previous === none) this.#head = next
    else this.#next[previous] = next
    if (next === none) this.#tail = previous
    else this.#previous[next] = previous
  }

  #linkFirst(slot: number): void {
    this.#previous[slot] = none
    this.#next[slot] = this.#head
    if (this.#head === none) this.#tail = slot
    else this.#previous[this.#head] = slot
    this.#head = slot
  }
}

/** The entries of one namespace. */
export class LruPartition {
  readonly name: string
  /** Path to slot. Kept by the arena; read here on the hot path. */
  readonly slots: Map<string, number> = new Map()
  /** Whether a path with an escape in it was ever kept. */
  hasEscapes = false
  readonly #arena: BoundedLru

  constructor(arena: BoundedLru, name: string) {
    this.#arena = arena
    this.name = name
  }

  /** The value, or `undefined` when there is none or its time is over. */
  get(path: string): unknown {
    const slot = this.slots.get(path)
    return slot === undefined ? undefined : this.#arena.read(slot)
  }

  /** @returns whether it is kept: a value larger than the whole budget is not */
  set(path: string, value: unknown, sizeBytes: number, expiresAtMs: number): boolean {
    this.delete(path)
    const slot = this.#arena.add(this, path, value, sizeBytes, expiresAtMs)
    if (slot === undefined) return false
    this.slots.set(path, slot)
    if (path.includes('%')) this.hasEscapes = true
    return true
  }

  delete(path: string): void {
    const slot = this.slots.get(path)
    if (slot !== undefined) this.#arena.remove(slot)
  }
}

function copyInto<T extends Float64Array | Int32Array>(target: T, source: T): T {
  target.set(source as never)
  return target
}
