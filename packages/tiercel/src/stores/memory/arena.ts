import type { Budget, EvictionPolicy } from './eviction-policy.ts'
import { ExpiryWheel, never } from './expiry-wheel.ts'
import { Lru } from './lru.ts'
import { processSeed, SeededHash } from './seeded-hash.ts'
import { grown, none } from './slot-lists.ts'
import { fewestEntries, WTinyLfu } from './w-tinylfu.ts'

/** Who leaves when there is no room: `'w-tinylfu'` by recency and frequency, `'lru'` by recency alone. */
export type PolicyName = 'w-tinylfu' | 'lru'

/** Why an entry is gone. `evicted`: for lack of room, also one that would never fit. */
export type RemovalCause = 'evicted' | 'expired' | 'deleted' | 'replaced' | 'cleared'

export type RemovalListener = (...removal: Removal) => void

export type ArenaKey = string | number

type Removal = [partition: Partition, key: ArenaKey, value: unknown, cause: RemovalCause]

export interface ArenaOptions extends Budget {
  readonly policy: PolicyName
  /** 32 bits. `undefined`: of this process. */
  readonly seed?: number | undefined
  readonly nowMs: () => number
  /** Told once the call that removed an entry is done; may call the arena. What it throws is ignored. */
  readonly onRemoval?: RemovalListener | undefined
}

export const policyNames: readonly PolicyName[] = ['w-tinylfu', 'lru']

const firstCapacity = 1_024
/** Entries that a write removes at most because they have run out, beside those whose room it needs. */
const expiriesPerWrite = 8
const stepsPerExpiry = 32
/** What a column of sizes can hold. */
const largestEntryBytes = 2 ** 32 - 1
/** What an empty slot holds, so that keys are of one kind. */
const emptyKey = ''

/**
 * Values in this process, at most so many and so large, each for its own time.
 *
 * One arena of slots serves many partitions (one per namespace), so that all namespaces share one budget and a busy one takes room from
 * a quiet one. A partition's own `Map` finds the slot of a key. Looking up by the caller's own string matters: its hash is computed once
 * in its life, where a prefix put before it would be hashed on every call. What belongs to a slot stands in columns: values here, order
 * in the `EvictionPolicy`, time in the `ExpiryWheel`; a hit moves a few integers and allocates nothing.
 *
 * What has run out is not served. It leaves when it is read, a few at a time with each write, and before anybody else when room is needed.
 */
export class Arena {
  readonly #policy: EvictionPolicy
  readonly #expiry: ExpiryWheel
  readonly #hash: SeededHash
  readonly #nowMs: () => number
  readonly #maxCapacity: number
  readonly #maxBytes: number
  readonly #onRemoval: RemovalListener | undefined
  #capacity = 0
  #used = 0
  /** The first free slot; each holds the next one in place of a value. */
  #free: number = none
  #keys: ArenaKey[] = []
  #values: unknown[] = []
  /** By the numbers that `#owners` holds. A partition has one while it has entries. */
  readonly #partitions: (Partition | undefined)[] = []
  readonly #freeNumbers: number[] = []
  /** Takes room only once there is a second partition. */
  #owners: Int32Array | undefined
  #evictions = 0
  /** Removals that the listener is to be told of, four items each. */
  #untold: unknown[] = []
  #isTelling = false

  constructor(options: ArenaOptions) {
    const seed = options.seed ?? processSeed
    const isLru = options.policy === 'lru' || options.maxEntries < fewestEntries
    this.#policy = isLru ? new Lru(options) : new WTinyLfu(options, seed)
    this.#expiry = new ExpiryWheel(options.nowMs())
    this.#hash = new SeededHash(seed)
    this.#nowMs = options.nowMs
    // One more than stays, since a new entry comes in before another one leaves.
    this.#maxCapacity = options.maxEntries + 1
    this.#maxBytes = Math.min(options.maxBytes, largestEntryBytes)
    this.#onRemoval = options.onRemoval
  }

  get entries(): number {
    return this.#policy.entries
  }

  get sizeBytes(): number {
    return this.#policy.sizeBytes
  }

  /** Entries that had to leave for lack of room. */
  get evictions(): number {
    return this.#evictions
  }

  /** Steps of maintenance so far: for tests of how much one call does. */
  get steps(): number {
    return this.#policy.steps + this.#expiry.steps
  }

  partition(name: string): Partition {
    return new Partition(this, name)
  }

  /** The value in a slot, which counts as used; `undefined` when its time is over. */
  read(slot: number): unknown {
    if (this.#isOver(slot)) {
      this.#expire(slot)
      return undefined
    }
    this.#policy.hit(slot)
    return this.#values[slot]
  }

  /** The value in a slot, which counts as used, whether or not its time is over. */
  use(slot: number): unknown {
    this.#policy.hit(slot)
    return this.#values[slot]
  }

  /** As `read`, and nobody notices. */
  peek(slot: number): unknown {
    return this.#isOver(slot) ? undefined : this.#values[slot]
  }

  /** As `peek`, also what is over. */
  look(slot: number): { readonly value: unknown; readonly endsAtMs: number } {
    return { value: this.#values[slot], endsAtMs: this.#expiry.isUsed ? this.#expiry.at(slot) : never }
  }

  /** @returns whether it is kept: an entry larger than the whole budget is not, and takes the one before it along */
  write(owner: Partition, key: ArenaKey, value: unknown, sizeBytes: number, expiresAtMs: number): boolean {
    let mayBeDue = this.#expiry.isUsed && this.#expireSome()
    const isKept = sizeBytes <= this.#maxBytes
    const known = key === owner.missed ? undefined : this.#liveSlot(owner, key)
    if (isKept && known !== undefined) this.#replace(owner, known, value, sizeBytes, expiresAtMs)
    else if (isKept) this.#add(owner, key, value, sizeBytes, expiresAtMs)
    else this.#refuse(owner, known, key, value)
    while (this.#policy.isOver) {
      mayBeDue &&= this.#expireSome()
      if (this.#policy.isOver) this.#remove(this.#policy.victim(), 'evicted')
    }
    this.#tell()
    return isKept
  }

  /** @returns whether it was there */
  delete(owner: Partition, key: ArenaKey): boolean {
    const slot = this.#liveSlot(owner, key)
    if (slot !== undefined) this.#remove(slot, 'deleted')
    this.#tell()
    return slot !== undefined
  }

  /** Removes all entries of `partition`, or of all partitions. */
  clear(partition?: Partition): void {
    for (const owner of partition === undefined ? [...this.#partitions] : [partition]) {
      for (const slot of owner?.slots.values() ?? []) this.#remove(slot, 'cleared')
    }
    this.#tell()
  }

  #isOver(slot: number): boolean {
    return this.#expiry.isUsed && this.#expiry.at(slot) <= this.#nowMs()
  }

  #liveSlot(owner: Partition, key: ArenaKey): number | undefined {
    const slot = owner.slots.get(key)
    if (slot === undefined || !this.#isOver(slot)) return slot
    this.#remove(slot, 'expired')
    return undefined
  }

  #expire(slot: number): void {
    this.#remove(slot, 'expired')
    this.#tell()
  }

  /** @returns whether there may be more that have run out */
  #expireSome(): boolean {
    const nowMs = this.#nowMs()
    for (let expired = 0; expired < expiriesPerWrite; expired += 1) {
      const slot = this.#expiry.due(nowMs, stepsPerExpiry)
      if (slot === none) return this.#expiry.isBehind(nowMs)
      this.#remove(slot, 'expired')
    }
    return true
  }

  #refuse(owner: Partition, known: number | undefined, key: ArenaKey, value: unknown): void {
    if (known !== undefined) this.#remove(known, 'replaced')
    this.#evictions += 1
    this.#note(owner, key, value, 'evicted')
  }

  #add(owner: Partition, key: ArenaKey, value: unknown, sizeBytes: number, expiresAtMs: number): void {
    const hash = this.#policy.usesHashes ? this.#hash.hash(key) : 0
    const slot = this.#takeSlot()
    this.#keys[slot] = key
    this.#values[slot] = value
    this.#own(owner, slot)
    owner.missed = undefined
    owner.slots.set(key, slot)
    this.#expiry.add(slot, expiresAtMs)
    this.#policy.add(slot, hash, sizeBytes)
  }

  #replace(owner: Partition, slot: number, value: unknown, sizeBytes: number, expiresAtMs: number): void {
    this.#note(owner, this.#keys[slot] as ArenaKey, this.#values[slot], 'replaced')
    this.#values[slot] = value
    this.#expiry.remove(slot)
    this.#expiry.add(slot, expiresAtMs)
    this.#policy.replace(slot, sizeBytes)
  }

  #remove(slot: number, cause: RemovalCause): void {
    const owner = this.#partitions[this.#owners === undefined ? 0 : (this.#owners[slot] as number)] as Partition
    const key = this.#keys[slot] as ArenaKey
    if (cause === 'evicted') this.#evictions += 1
    this.#note(owner, key, this.#values[slot], cause)
    owner.slots.delete(key)
    if (owner.slots.size === 0) this.#disown(owner)
    this.#policy.remove(slot)
    this.#expiry.remove(slot)
    this.#keys[slot] = emptyKey
    this.#values[slot] = this.#free
    this.#free = slot
  }

  #own(owner: Partition, slot: number): void {
    if (owner.number === none) {
      owner.number = this.#freeNumbers.pop() ?? this.#partitions.length
      this.#partitions[owner.number] = owner
      if (owner.number > 0) this.#owners ??= new Int32Array(this.#capacity)
    }
    if (this.#owners !== undefined) this.#owners[slot] = owner.number
  }

  #disown(owner: Partition): void {
    this.#partitions[owner.number] = undefined
    this.#freeNumbers.push(owner.number)
    owner.number = none
  }

  #takeSlot(): number {
    if (this.#free !== none) {
      const slot = this.#free
      this.#free = this.#values[slot] as number
      return slot
    }
    if (this.#used === this.#capacity) this.#grow()
    return this.#used++
  }

  #grow(): void {
    this.#capacity = Math.min(Math.max(this.#capacity * 2, firstCapacity), this.#maxCapacity)
    this.#keys.length = this.#capacity
    this.#values.length = this.#capacity
    if (this.#owners !== undefined) this.#owners = grown(this.#owners, this.#capacity)
    this.#policy.grow(this.#capacity)
    this.#expiry.grow(this.#capacity)
  }

  #note(owner: Partition, key: ArenaKey, value: unknown, cause: RemovalCause): void {
    if (this.#onRemoval !== undefined) this.#untold.push(owner, key, value, cause)
  }

  /** Once everything is in order again. What the listener's own calls remove, it is told by the first of us. */
  #tell(): void {
    if (this.#untold.length === 0 || this.#isTelling) return
    this.#isTelling = true
    for (let at = 0; at < this.#untold.length; at += 4) {
      const [owner, key, value, cause] = this.#untold.slice(at, at + 4) as Removal
      try {
        this.#onRemoval?.(owner, key, value, cause)
      } catch {
        // The listener's own affair.
      }
    }
    this.#untold = []
    this.#isTelling = false
  }
}

/** The entries of one namespace. */
export class Partition {
  readonly name: string
  /** Key to slot. Kept by the arena; read here on the hot path. */
  readonly slots: Map<ArenaKey, number> = new Map()
  /** By which the arena knows the owner of a slot; `-1` while there are no entries. */
  number: number = none
  /** A key that was asked for last and is not there: who then stores it need not look for it again. */
  missed: ArenaKey | undefined
  /** Whether a path with an escape in it was ever kept. */
  hasEscapes = false
  readonly #arena: Arena

  constructor(arena: Arena, name: string) {
    this.#arena = arena
    this.name = name
  }

  /** The value, or `undefined` when there is none or its time is over. */
  get(key: ArenaKey): unknown {
    const slot = this.slots.get(key)
    if (slot !== undefined) return this.#arena.read(slot)
    this.missed = key
    return undefined
  }

  /** The same for one who keeps time himself: also what is over, until it is removed. */
  use(key: ArenaKey): unknown {
    const slot = this.slots.get(key)
    return slot === undefined ? undefined : this.#arena.use(slot)
  }

  /** The same, without counting as a use. */
  peek(key: ArenaKey): unknown {
    const slot = this.slots.get(key)
    return slot === undefined ? undefined : this.#arena.peek(slot)
  }

  /** What is there and until when, also what is over, without counting as a use. */
  look(key: ArenaKey): { readonly value: unknown; readonly endsAtMs: number } | undefined {
    const slot = this.slots.get(key)
    return slot === undefined ? undefined : this.#arena.look(slot)
  }

  /** @returns whether it is kept: a value larger than the whole budget is not */
  set(key: ArenaKey, value: unknown, sizeBytes: number, expiresAtMs: number): boolean {
    if (typeof key === 'string' && key.includes('%')) this.hasEscapes = true
    return this.#arena.write(this, key, value, sizeBytes, expiresAtMs)
  }

  /** @returns whether it was there */
  delete(key: ArenaKey): boolean {
    return this.#arena.delete(this, key)
  }

  /** Costs a step per entry of this partition, not of all. */
  clear(): void {
    this.#arena.clear(this)
  }
}
