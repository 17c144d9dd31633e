import { grown, none, SlotLists } from './slot-lists.ts'

/**
 * When entries run out, without a timer and without looking through them: a hierarchical timing wheel (G. Varghese, T. Lauck, SOSP
 * 1987), a structure of lists that is turned by those who write.
 *
 * The first level has 64 buckets of 1 ms, each further one 64 buckets of a whole turn of the level below; seven levels reach over a
 * hundred years. An entry lies in the bucket of its last millisecond; when the wheel comes to a bucket of an upper level, its entries
 * move down. Each moves six times at most, and a call moves only so many: what is left stands in `pending`.
 */
const bits = 6
const bucketsPerLevel = 1 << bits
const levels = 7
/** The entries of the bucket that the wheel has come to, and that are not yet looked at. */
const pending = levels * bucketsPerLevel
const spans: readonly number[] = Array.from({ length: levels + 1 }, (_, level) => bucketsPerLevel ** level)

/** No time: an entry that never runs out. */
export const never: number = Number.POSITIVE_INFINITY

export class ExpiryWheel {
  readonly #lists: SlotLists = new SlotLists(pending + 1)
  #atMs: Float64Array = new Float64Array(0)
  #capacity = 0
  /** Whether any entry ever had an end. */
  isUsed = false
  /** How far the wheel has turned, in whole milliseconds. */
  #turnedMs = 0
  /** No bucket is due before. */
  #nextMs = never
  /** Entries looked at by `due` so far. */
  steps = 0

  constructor(nowMs: number) {
    this.#turnedMs = Math.floor(nowMs)
  }

  grow(capacity: number): void {
    this.#capacity = capacity
    if (!this.isUsed) return
    this.#lists.grow(capacity)
    const known = this.#atMs.length
    this.#atMs = grown(this.#atMs, capacity).fill(never, known)
  }

  /** When the entry runs out; `never` when it does not. */
  at(slot: number): number {
    return this.isUsed ? (this.#atMs[slot] as number) : never
  }

  add(slot: number, atMs: number): void {
    if (atMs !== never && !this.isUsed) this.#use()
    if (!this.isUsed) return
    this.#atMs[slot] = atMs
    if (atMs !== never) this.#place(slot)
  }

  remove(slot: number): void {
    if (this.at(slot) !== never) this.#lists.remove(slot)
  }

  /**
   * An entry that has run out, or `none` when there is none or `maxSteps` entries were looked at. The entry stays until it is removed.
   *
   * @remarks may come up to a millisecond late, since buckets are whole milliseconds
   */
  due(nowMs: number, maxSteps: number): number {
    if (!this.isBehind(nowMs)) {
      this.#turnedMs = Math.max(this.#turnedMs, Math.floor(nowMs))
      return none
    }
    for (let step = 0; step < maxSteps; step += 1) {
      if (this.#lists.isEmpty(pending)) this.#turn(Math.floor(nowMs))
      const slot = this.#lists.last(pending)
      if (slot < 0) return none
      this.steps += 1
      if (this.at(slot) <= nowMs) return slot
      this.#lists.remove(slot)
      this.#place(slot)
    }
    return none
  }

  /** Whether `due` has something to look at. */
  isBehind(nowMs: number): boolean {
    return nowMs >= this.#nextMs || !this.#lists.isEmpty(pending)
  }

  /** Only a cache whose entries run out gives room to when. */
  #use(): void {
    this.isUsed = true
    this.grow(this.#capacity)
  }

  #place(slot: number): void {
    const lastMs = Math.max(Math.ceil(this.at(slot)), this.#turnedMs + 1)
    const level = levelOf(lastMs - this.#turnedMs)
    const span = spans[level] as number
    const turn = Math.floor(lastMs / span)
    this.#lists.addFirst(level * bucketsPerLevel + bucketOf(turn), slot)
    if (turn * span < this.#nextMs) this.#nextMs = turn * span
  }

  /** Goes on to the next bucket that holds something, or to `nowMs` when none does until then. */
  #turn(nowMs: number): void {
    if (nowMs < this.#nextMs) return
    let found = none
    let foundMs = never
    for (let level = levels - 1; level >= 0; level -= 1) {
      const bucket = this.#nextBucket(level)
      if (bucket === none) continue
      const startMs = this.#startMs(level, bucket)
      if (startMs >= foundMs) continue
      found = level * bucketsPerLevel + bucket
      foundMs = startMs
    }
    this.#nextMs = foundMs
    this.#turnedMs = Math.max(this.#turnedMs, Math.min(nowMs, foundMs))
    if (foundMs <= nowMs) this.#lists.moveAll(found, pending)
  }

  /** The first bucket of `level` after where the wheel stands that holds something. */
  #nextBucket(level: number): number {
    const turn = Math.floor(this.#turnedMs / (spans[level] as number))
    for (let ahead = 1; ahead <= bucketsPerLevel; ahead += 1) {
      const bucket = bucketOf(turn + ahead)
      if (!this.#lists.isEmpty(level * bucketsPerLevel + bucket)) return bucket
    }
    return none
  }

  #startMs(level: number, bucket: number): number {
    const span = spans[level] as number
    const turn = Math.floor(this.#turnedMs / span)
    return (turn + (bucketOf(bucket - bucketOf(turn)) || bucketsPerLevel)) * span
  }
}

/** The remainder, for numbers too large for bits and without the cost of `%` on them. */
function bucketOf(turn: number): number {
  return turn - Math.floor(turn / bucketsPerLevel) * bucketsPerLevel
}

function levelOf(ms: number): number {
  let level = 0
  while (level < levels - 1 && ms >= (spans[level + 1] as number)) level += 1
  return level
}
