/**
 * Which entries are worth their room: W-TinyLFU (G. Einziger, R. Friedman, B. Manes, "TinyLFU: A Highly Efficient Cache Admission
 * Policy", ACM Transactions on Storage 13(4), 2017), with a window that is steered by hit density.
 *
 * LRU keeps what was used last. One scan, one loop that is longer than the cache, and everything worth keeping is gone; and of keys
 * that are asked for once, which are most, each takes a place for as long as it needs to sink through the list. LFU keeps what was used
 * most, and then keeps it when nobody wants it any more. Here both have a part, and measurement decides how large:
 *
 *     new ──▶ window (LRU) ──▶ duel ──▶ probation ──hit──▶ protected ──over 80 % of main──▶ probation
 *                                └─ the loser leaves ◀── last of probation
 *
 * - A new key enters the **window**, always: what was just stored is there to be read.
 * - What falls out of the window is a candidate for main and duels with those who would have to go, by how often each was asked for lately.
 *   A tie keeps who is there, and so does a lead of one among the often used: in a loop, that one is who came by last. With a budget
 *   of bytes a large candidate must outweigh the sum of the victims it would displace.
 * - What is resident counts its requests in a byte of its own, and tells the `FrequencySketch` when it leaves. So a hit touches neither the
 *   sketch nor the key's hash. All counts are halved every 21 n requests, so that yesterday's favourites go.
 * - A warm candidate that lost gets in all the same once in 128 times. Without that, somebody who can make the sketch believe in dead
 *   keys (hash collisions, made-up traffic) could close main for good; the seeded hash is the other half of that defence.
 * - **Steering.** Every 3 n requests (n: entries) the hits per place are compared: e = ln(window's density / main's density). The window
 *   takes min(30 %, |e| · 4 %) of the budget from main when its places earn more, and gives as much back when they earn less; it starts
 *   with 5 % and both keep at least 2 %. Loads of pure recency so get an LRU within a few thousand requests, loads of pure frequency
 *   an LFU. Climbing by trial needs 10 n requests per step, which is why it hardly gets anywhere on short traces.
 *
 * Hit ratio in percent, read through, cold start (lru-cache is LRU; real Caffeine is version 3; OPT knows the future):
 *
 * | trace, entries                            | OPT   | LRU   | Caffeine | here  |
 * |-------------------------------------------|-------|-------|----------|-------|
 * | oltp, 1,869: a database                   | 59.77 | 41.64 | 44.66    | 46.6  |
 * | ormbusy-2m, 607: objects behind an ORM    | 80.88 | 70.05 | 68.55    | 71.2  |
 * | corda, 512: a service, then a loop        | 44.53 | 11.64 | 40.37    | 43.3  |
 * | web12, 688: product pages                 | 74.68 | 60.02 | 63.28    | 65.5  |
 *
 * SIEVE and S3-FIFO are shorter and cheaper per request, and stay at 0.2 and 11.6 on that loop; ARC and LIRS keep ghosts of keys that have
 * left, up to twice as many as entries. The same means came out for periods of 3 to 10 n and first windows of 1 to 5 %, so there is
 * nothing to tune.
 *
 * No call does more than a fixed number of steps: a write moves four entries of each region at most and halves 64 counts of entries and 128
 * words of the sketch, a duel looks at 64 victims. Beyond an LRU that takes 5 bytes per entry, and 8 to 16 of the sketch. (Columns double
 * now and then while a cache fills, as its `Map` does.)
 */
import type { Budget, EvictionPolicy } from './eviction-policy.ts'
import { FrequencySketch, lesser, mostRequests } from './frequency-sketch.ts'
import { grown, SlotLists } from './slot-lists.ts'

const window = 0
const probation = 1
const protectedRegion = 2
const regionCount = 3
const regionMask = 3
const oneRequest = 4
const leastFullState = mostRequests * oneRequest

const firstWindowShare = 0.05
const leastShare = 0.02
/** Of main. */
const protectedShare = 0.8

const requestsPerSteering = 3
const stepPerError = 0.04
const longestStep = 0.3
/** Counts are halved with every so many steerings: every 21 n requests. */
const steeringsPerHalving = 7
const wordsPerWrite = 128
const slotsPerWrite = 64

/** Below this many entries there is nothing to divide: all of them are the window, which is an LRU. */
export const fewestEntries = 16
const movesPerWrite = 4
const victimsPerDuel = 64
const warmFrom = 6
const warmChance = 128

export class WTinyLfu implements EvictionPolicy {
  readonly #budget: Budget
  readonly #isWeighed: boolean
  readonly #lists: SlotLists = new SlotLists(regionCount)
  readonly #sketch: FrequencySketch = new FrequencySketch()
  #hashes: Int32Array = new Int32Array(0)
  /** The region in the lowest two bits, and above them the requests since the entry came, as far as a counter of the sketch goes. */
  #states: Uint8Array = new Uint8Array(0)
  #sizes: Uint32Array = new Uint32Array(0)
  readonly #entriesIn: Int32Array = new Int32Array(regionCount)
  readonly #bytesIn: Float64Array = new Float64Array(regionCount)
  entries = 0
  sizeBytes = 0
  readonly usesHashes = true

  #windowShare = firstWindowShare
  #maxWindowEntries = 0
  #maxWindowBytes = 0
  #maxProtectedEntries = 0
  #maxProtectedBytes = 0

  #windowHits = 0
  #writes = 0
  #period = 0
  #requestsToSteering = 0
  #hasEvicted = false
  #steeringsToHalving = steeringsPerHalving
  #isHalving = false
  /** The next slot whose requests are to be halved. */
  #halving = 0
  #steps = 0
  #random: number

  /** @param seed for chance; 32 bits */
  constructor(budget: Budget, seed: number) {
    this.#budget = budget
    this.#isWeighed = budget.isWeighed
    this.#random = seed | 1
    this.#divide()
  }

  get isOver(): boolean {
    return this.entries > this.#budget.maxEntries || this.sizeBytes > this.#budget.maxBytes
  }

  get steps(): number {
    return this.#steps
  }

  /** The part of the budget that the window may take, 0.02 to 0.98. */
  get windowShare(): number {
    return this.#windowShare
  }

  grow(capacity: number): void {
    this.#startPeriod(capacity)
    this.#lists.grow(capacity)
    this.#hashes = grown(this.#hashes, capacity)
    this.#states = grown(this.#states, capacity)
    if (this.#isWeighed) this.#sizes = grown(this.#sizes, capacity)
    this.#sketch.grow(capacity)
  }

  add(slot: number, hash: number, sizeBytes: number): void {
    this.#settle()
    this.#writes += 1
    this.#hashes[slot] = hash
    this.#states[slot] = window | oneRequest
    if (this.#isWeighed) this.#sizes[slot] = sizeBytes
    this.#lists.addFirst(window, slot)
    this.#countIn(slot)
    this.entries += 1
    this.sizeBytes += sizeBytes
    this.#countRequest()
  }

  /** With one branch, and that is nearly always the same: whether an entry is in the window, or is full, no processor can guess. */
  hit(slot: number): void {
    const state = this.#states[slot] as number
    this.#states[slot] = state + (oneRequest & ((state - leastFullState) >> 31))
    const region = state & regionMask
    // From probation to protected, else to the front of where it is.
    this.#lists.moveFirst(region + (region & 1), slot)
    if (region === probation) this.#promote(slot)
    this.#windowHits += (region - 1) >>> 31
    this.#countRequest()
  }

  /** One that has grown enters the window like a new one, so that it is not the next to leave. */
  replace(slot: number, sizeBytes: number): void {
    this.#settle()
    this.#writes += 1
    const growth = sizeBytes - this.#sizeOf(slot)
    const state = this.#states[slot] as number
    if (state < leastFullState) this.#states[slot] = state + oneRequest
    this.#discount(slot)
    if (this.#isWeighed) this.#sizes[slot] = sizeBytes
    this.sizeBytes += growth
    this.#countIn(slot)
    this.#move(slot, growth > 0 ? window : state & regionMask)
    this.#countRequest()
  }

  remove(slot: number): void {
    this.#lists.remove(slot)
    this.#discount(slot)
    this.entries -= 1
    this.sizeBytes -= this.#sizeOf(slot)
    this.#sketch.count(this.#hashes[slot] as number, this.#requestsOf(slot))
  }

  victim(): number {
    this.#hasEvicted = true
    const candidate = this.#lists.last(window)
    const victim = this.#mainVictim()
    if (victim < 0) return candidate
    if (!this.#isWindowOver() || this.#entriesIn[window] === 1) return victim
    if (!this.#isAdmitted(candidate)) return candidate
    this.#move(candidate, probation)
    return victim
  }

  #isWindowOver(): boolean {
    if (this.entries < fewestEntries) return false
    return (
      (this.#entriesIn[window] as number) > this.#maxWindowEntries ||
      (this.#isWeighed && (this.#bytesIn[window] as number) > this.#maxWindowBytes)
    )
  }

  #isProtectedOver(): boolean {
    return (
      (this.#entriesIn[protectedRegion] as number) > this.#maxProtectedEntries ||
      (this.#isWeighed && (this.#bytesIn[protectedRegion] as number) > this.#maxProtectedBytes)
    )
  }

  #mainVictim(): number {
    const last = this.#lists.last(probation)
    return last >= 0 ? last : this.#lists.last(protectedRegion)
  }

  /** Whether `candidate` is asked for more than all those together who would have to leave for it. */
  #isAdmitted(candidate: number): boolean {
    const frequency = this.#frequencyOf(candidate)
    let neededBytes = this.sizeBytes - this.#budget.maxBytes
    let displaced = 0
    let victim = this.#mainVictim()
    for (let seen = 0; seen < victimsPerDuel && victim >= 0; seen += 1) {
      displaced += this.#frequencyOf(victim)
      neededBytes -= this.#sizeOf(victim)
      this.#steps += 1
      if (neededBytes <= 0 || displaced >= frequency) break
      victim = this.#lists.before(victim)
    }
    if (frequency < warmFrom) return frequency > displaced
    return frequency > displaced + 1 || this.#draw() % warmChance === 0
  }

  /** What the sketch knows from before the entry came, and since. */
  #frequencyOf(slot: number): number {
    return lesser(mostRequests, this.#sketch.estimate(this.#hashes[slot] as number) + this.#requestsOf(slot))
  }

  #requestsOf(slot: number): number {
    return (this.#states[slot] as number) >>> 2
  }

  #promote(slot: number): void {
    this.#assign(slot, protectedRegion)
    if (this.#isProtectedOver()) this.#move(this.#lists.last(protectedRegion), probation)
  }

  /** A few steps towards what the shares say, and of a halving that is under way. What would take more is done by the next writes. */
  #settle(): void {
    for (let move = 0; move < movesPerWrite && this.#isWindowOver(); move += 1) this.#move(this.#lists.last(window), probation)
    for (let move = 0; move < movesPerWrite && this.#isProtectedOver(); move += 1) this.#move(this.#lists.last(protectedRegion), probation)
    if (this.#isHalving) this.#halveSome()
  }

  #halveSome(): void {
    const states = this.#states
    const end = Math.min(this.#halving + slotsPerWrite, states.length)
    for (let slot = this.#halving; slot < end; slot += 1) {
      const state = states[slot] as number
      states[slot] = ((state >>> 1) & ~regionMask) | (state & regionMask)
    }
    const done = end - this.#halving + this.#sketch.halve(wordsPerWrite)
    this.#halving = end
    this.#isHalving = done > 0
    this.#steps += done
  }

  #countRequest(): void {
    this.#requestsToSteering -= 1
    if (this.#requestsToSteering <= 0) this.#steer()
  }

  /** While everything fits there is nothing to steer. */
  #steer(): void {
    if (this.#hasEvicted) {
      const share = this.#windowOccupancy()
      const windowDensity = (this.#windowHits + 1) / (share * this.entries + 1)
      const mainHits = this.#period - this.#windowHits - this.#writes
      const mainDensity = (mainHits + 1) / ((1 - share) * this.entries + 1)
      const error = Math.log(windowDensity / mainDensity)
      const step = Math.sign(error) * Math.min(longestStep, Math.abs(error) * stepPerError)
      this.#windowShare = Math.min(Math.max(this.#windowShare + step, leastShare), 1 - leastShare)
      this.#divide()
    }
    this.#startPeriod(Math.max(this.entries, fewestEntries))
    this.#steeringsToHalving -= 1
    if (this.#steeringsToHalving === 0) this.#startHalving()
  }

  #startPeriod(entries: number): void {
    this.#period = requestsPerSteering * entries
    this.#requestsToSteering = this.#period
    this.#windowHits = 0
    this.#writes = 0
    this.#hasEvicted = false
  }

  #startHalving(): void {
    this.#steeringsToHalving = steeringsPerHalving
    this.#isHalving = true
    this.#halving = 0
    this.#sketch.startHalving()
  }

  /** The part of what is taken that the window has, counted in whichever is scarce. */
  #windowOccupancy(): number {
    const { maxBytes, maxEntries } = this.#budget
    const isBytesScarce = this.sizeBytes / maxBytes > this.entries / maxEntries
    return isBytesScarce ? (this.#bytesIn[window] as number) / this.sizeBytes : (this.#entriesIn[window] as number) / this.entries
  }

  #divide(): void {
    const { maxBytes, maxEntries } = this.#budget
    this.#maxWindowEntries = Math.max(1, Math.round(this.#windowShare * maxEntries))
    this.#maxWindowBytes = this.#windowShare * maxBytes
    this.#maxProtectedEntries = protectedShare * (1 - this.#windowShare) * maxEntries
    this.#maxProtectedBytes = protectedShare * (1 - this.#windowShare) * maxBytes
  }

  #move(slot: number, region: number): void {
    this.#lists.moveFirst(region, slot)
    this.#assign(slot, region)
    this.#steps += 1
  }

  /** What belongs to the region that an entry goes to, but for its place in the list. */
  #assign(slot: number, region: number): void {
    this.#discount(slot)
    this.#states[slot] = ((this.#states[slot] as number) & ~regionMask) | region
    this.#countIn(slot)
  }

  #countIn(slot: number): void {
    const region = (this.#states[slot] as number) & regionMask
    this.#entriesIn[region] = (this.#entriesIn[region] as number) + 1
    if (this.#isWeighed) this.#bytesIn[region] = (this.#bytesIn[region] as number) + (this.#sizes[slot] as number)
  }

  #discount(slot: number): void {
    const region = (this.#states[slot] as number) & regionMask
    this.#entriesIn[region] = (this.#entriesIn[region] as number) - 1
    if (this.#isWeighed) this.#bytesIn[region] = (this.#bytesIn[region] as number) - (this.#sizes[slot] as number)
  }

  #sizeOf(slot: number): number {
    return this.#isWeighed ? (this.#sizes[slot] as number) : 0
  }

  /** xorshift32 (G. Marsaglia, Journal of Statistical Software 8(14), 2003). */
  #draw(): number {
    let drawn = this.#random
    drawn ^= drawn << 13
    drawn ^= drawn >>> 17
    drawn ^= drawn << 5
    this.#random = drawn
    return drawn >>> 0
  }
}
