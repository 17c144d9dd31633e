import type { HeldToken } from '../coherence/tag.ts'
import type { Policy } from './policy.ts'

const noTokens: readonly HeldToken[] = []
const unchecked = -1

/**
 * A usable value as this process holds it. Instants are on the process's own monotonic clock, in ms; the three ages of an entry are fresh
 * until `staleAtMs`, stale until `deadAtMs`, and gone.
 */
export class Entry {
  /** `undefined`: the source said that there is none. */
  readonly value: unknown
  readonly createdAtMs: number
  staleAtMs: number
  readonly deadAtMs: number
  /** When L1 is done with it: at its death, or before. */
  endsAtMs: number
  /** What producing it took, in whole µs: as it is stored, and without an object of its own. */
  readonly loadCostUs: number
  /** Decoded size, header and all: what it weighs in L1. */
  sizeBytes = 0
  /** As Latin-1 text; `''`: it is in no L2. */
  version = ''
  /** When the read was sent, or the load begun, that it comes from. */
  sentAtMs = 0
  /** Of the namespace and its tags, as they were before it was loaded. */
  tokens: readonly HeldToken[] = noTokens
  /** When it was last checked: the epoch of its namespace's tags. Anything else: it has to be checked before it is served. */
  checkedEpoch: number = unchecked
  /** Whether the key may have changed since. */
  isSuspect = false
  /** How often that was heard. */
  doubts = 0
  /** Up to here it is served without a thought; from here on somebody has to look whether to refresh it. */
  lookAtMs: number

  constructor(value: unknown, createdAtMs: number, staleAtMs: number, deadAtMs: number, loadCostMs: number, policy: Policy) {
    this.value = value
    // Whole numbers: one with a fraction takes an object of its own. Rounded down, so that nothing lives longer than it should.
    this.createdAtMs = Math.floor(createdAtMs)
    this.staleAtMs = Math.floor(staleAtMs)
    this.deadAtMs = Math.floor(deadAtMs)
    this.endsAtMs = this.deadAtMs
    this.loadCostUs = Math.round(loadCostMs * 1_000)
    this.lookAtMs = this.staleAtMs
    if (policy.looksEarly) this.lookAtMs = Math.floor(earliestLook(this, policy))
  }

  /** The key may have changed. */
  doubt(): void {
    this.isSuspect = true
    this.doubts += 1
    this.checkedEpoch = unchecked
  }

  /** The server still had it when it was asked. */
  confirm(sentAtMs: number): void {
    this.isSuspect = false
    this.sentAtMs = Math.floor(sentAtMs)
  }

  /** A tag of it was expired: it is stale from now on, and over without a grace. */
  goStale(nowMs: number): void {
    if (this.deadAtMs <= this.staleAtMs) this.endAt(nowMs)
    this.staleAtMs = Math.min(this.staleAtMs, Math.floor(nowMs))
    this.lookAtMs = Math.min(this.lookAtMs, this.staleAtMs)
  }

  /** What producing it took, in ms. */
  get loadCostMs(): number {
    return this.loadCostUs / 1_000
  }

  /** Once refreshed early is enough: from here on this copy is served until it is stale. */
  restUntilStale(): void {
    this.lookAtMs = Math.min(this.staleAtMs, this.endsAtMs)
  }

  /** L1 keeps it no longer than this. */
  endAt(atMs: number): void {
    this.endsAtMs = Math.floor(Math.min(this.deadAtMs, atMs))
    this.lookAtMs = Math.min(this.lookAtMs, this.endsAtMs)
  }

  /** For a while it is served without looking whether to refresh it. */
  rest(nowMs: number, forMs: number): void {
    this.lookAtMs = Math.floor(Math.min(nowMs + forMs, this.endsAtMs))
  }
}

/** Beyond so many times the cost of a load, an early refresh is as good as impossible: e⁻³⁷. */
const improbable = 37

function earliestLook(entry: Entry, policy: Policy): number {
  const byFraction = refreshPoint(entry, policy.refreshAhead)
  const byChance = entry.staleAtMs - entry.loadCostMs * policy.beta * improbable
  const bySliding = policy.sliding ? slidePoint(entry) : entry.staleAtMs
  return Math.min(byFraction, byChance, bySliding)
}

function refreshPoint(entry: Entry, fraction: number): number {
  return entry.createdAtMs + (entry.staleAtMs - entry.createdAtMs) * fraction
}

/** A sliding entry is written anew at most four times per ttl. */
function slidePoint(entry: Entry): number {
  return refreshPoint(entry, 0.25)
}

/**
 * Whether a fresh entry is to be loaded anew already: past the fraction of its ttl that `refreshAhead` names, or by chance, the likelier
 * the nearer its end and the dearer its load.
 *
 * Source of the chance: Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015 (XFetch).
 */
export function wantsRefresh(entry: Entry, policy: Policy, nowMs: number, random: () => number): boolean {
  if (policy.refreshAhead < 1 && nowMs >= refreshPoint(entry, policy.refreshAhead)) return true
  // 1 − random: never the logarithm of 0.
  return policy.beta > 0 && nowMs - entry.loadCostMs * policy.beta * Math.log(1 - random()) >= entry.staleAtMs
}

export function wantsSlide(entry: Entry, policy: Policy, nowMs: number): boolean {
  return policy.sliding && nowMs >= slidePoint(entry)
}
