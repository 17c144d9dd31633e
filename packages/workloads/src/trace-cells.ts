/** One real trace at one capacity (`trace` reads it), and the hit ratios that others have there, in percent. */
export interface TraceCell {
  readonly trace: string
  readonly entries: number
  readonly lru: number
  /** Of real Caffeine 3. */
  readonly caffeine: number
  /** Of the simulated policy that this one is built after. */
  readonly recommended: number
  readonly atLeast?: number
}

export const traceCells: readonly TraceCell[] = [
  { trace: 'oltp', entries: 187, lru: 13.77, caffeine: 20.41, recommended: 19.83 },
  { trace: 'oltp', entries: 1_869, lru: 41.64, caffeine: 44.66, recommended: 46.51 },
  { trace: 'oltp', entries: 18_688, lru: 66.52, caffeine: 64.26, recommended: 67.48 },
  { trace: 'oltp', entries: 1_000, lru: 32.83, caffeine: 39.35, recommended: 41.27 },
  { trace: 'ormbusy-2m', entries: 61, lru: 48.48, caffeine: 41.98, recommended: 47.37 },
  { trace: 'ormbusy-2m', entries: 607, lru: 70.05, caffeine: 68.55, recommended: 71.2 },
  { trace: 'ormbusy-2m', entries: 6_073, lru: 86.02, caffeine: 85.93, recommended: 86.83 },
  { trace: 'corda-loop-corda', entries: 512, lru: 11.64, caffeine: 40.37, recommended: 43.44, atLeast: 42 },
  { trace: 'corda-loop-corda', entries: 915, lru: 11.64, caffeine: 62.43, recommended: 62.86 },
  { trace: 'corda-loop-corda', entries: 9_148, lru: 76.58, caffeine: 73.27, recommended: 76.58, atLeast: 76 },
  { trace: 'web12', entries: 138, lru: 39.79, caffeine: 42.34, recommended: 42.77 },
  { trace: 'web12', entries: 688, lru: 60.02, caffeine: 63.28, recommended: 65 },
  { trace: 'web12', entries: 2_751, lru: 75.67, caffeine: 74.82, recommended: 77.66 },
]
