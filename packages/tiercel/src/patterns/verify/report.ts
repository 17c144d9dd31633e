/** What a verifier has found since it was created. Plain data. */
export interface VerifierReport {
  /** Hits of fresh values that could have been checked. */
  readonly hits: number
  /** Of those that were checked, the ones of which it is known whether they were consistent. */
  readonly checks: number
  readonly inconsistent: number
  /** Checked in vain: the key was changing at that very moment, or was not there any more, or is in no L2. */
  readonly undecided: number
  /** L2, or the source, did not answer. */
  readonly failed: number
  /** Chosen, and not checked for lack of budget. */
  readonly skipped: number
  /** The part of `checks` that was consistent, 0 to 1; 1 where there was none. */
  readonly consistency: number
  /**
   * The same in nines: 3 is 99.9 %. Not more than so many checks can show, so that no mistake in 999 checks is 3, and none in none is 0:
   * −log₁₀((inconsistent + 1) / (checks + 1)).
   */
  readonly nines: number
  /** How long what was served had been overtaken, of the inconsistent ones of which that is known: a count per range, in ms. */
  readonly staleFor: readonly StaleBucket[]
  /** Those of which it is not known. */
  readonly staleForUnknown: number
  /** The last inconsistent hits, one per key, newest last. Never a value. */
  readonly examples: readonly VerifierExample[]
}

export interface StaleBucket {
  /** More than the bucket before, at most this; `null`: any longer. */
  readonly upToMs: number | null
  readonly count: number
}

export interface VerifierExample {
  /** The encoded path of the key. */
  readonly key: string
  /** When it was found, Unix time in ms. */
  readonly atMs: number
  /** `null`: not known. */
  readonly staleForMs: number | null
  /** What was found in words. */
  readonly reason: string
}

/** What became of one check. */
export type Outcome =
  | { readonly kind: 'consistent' | 'undecided' | 'failed' }
  | { readonly kind: 'inconsistent'; readonly staleForMs: number | null; readonly reason: string }

const boundsMs = [1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000, 60_000]

/** The counts behind a report. */
export class Tally {
  hits = 0
  skipped = 0
  readonly #counts = { consistent: 0, undecided: 0, failed: 0, inconsistent: 0 }
  readonly #buckets: number[] = new Array(boundsMs.length + 1).fill(0)
  #unknown = 0
  readonly #examples: Map<string, VerifierExample> = new Map()
  readonly #maxExamples: number

  constructor(maxExamples: number) {
    this.#maxExamples = maxExamples
  }

  add(key: string, outcome: Outcome): void {
    this.#counts[outcome.kind] += 1
    if (outcome.kind !== 'inconsistent') return
    const { staleForMs, reason } = outcome
    if (staleForMs === null) this.#unknown += 1
    else {
      const at = boundsMs.findIndex((bound) => staleForMs <= bound)
      this.#buckets[at < 0 ? boundsMs.length : at] = (this.#buckets[at < 0 ? boundsMs.length : at] as number) + 1
    }
    this.#examples.delete(key)
    this.#examples.set(key, { key, atMs: Date.now(), staleForMs, reason })
    for (const oldest of this.#examples.keys()) {
      if (this.#examples.size <= this.#maxExamples) break
      this.#examples.delete(oldest)
    }
  }

  report(): VerifierReport {
    const { consistent, undecided, failed, inconsistent } = this.#counts
    const checks = consistent + inconsistent
    return {
      hits: this.hits,
      checks,
      inconsistent,
      undecided,
      failed,
      skipped: this.skipped,
      consistency: checks === 0 ? 1 : consistent / checks,
      nines: Math.log10((checks + 1) / (inconsistent + 1)),
      staleFor: this.#buckets.map((count, at) => ({ upToMs: boundsMs[at] ?? null, count })),
      staleForUnknown: this.#unknown,
      examples: [...this.#examples.values()],
    }
  }
}
