import { formatDuration, formatShare } from '../../format/number.ts'
import type { RunResult, Verdict } from '../run-result.ts'

export interface LaneFigures {
  readonly reads: number
  readonly waited: number
  readonly failed: number
  readonly stale: number
  readonly longestMs: number
  readonly oldestMs: number
  readonly oldestWhenDueMs: number
}

export const guessOptions = [
  { id: 'none', label: 'None' },
  { id: 'few', label: 'Up to one in twenty' },
  { id: 'some', label: 'Up to one in four' },
  { id: 'many', label: 'More than one in four' },
] as const

const rule =
  'The ages hold when no answer is older than they allow, and fewer reads wait or fail with them than with the time to live alone. The cold start ' +
  'counts in both lanes: whoever reads first has to wait.'

/** Judges by the figures alone. */
export function judge(plain: LaneFigures, ages: LaneFigures, allowedMs: number): Verdict {
  if (plain.reads < 10 || ages.reads < 10) {
    return { outcome: 'unclear', sentence: 'Too little was measured to say: each lane needs ten reads at least.', rule }
  }
  const isBetter = hurtOf(ages) < hurtOf(plain)
  const isBounded = ages.oldestWhenDueMs <= allowedMs
  const sentence = `${comparison(plain, ages)} ${price(ages)}`
  return { outcome: isBetter && isBounded ? 'holds' : 'does-not-hold', sentence, rule }
}

export function hurtOf({ waited, failed, reads }: LaneFigures): number {
  return reads === 0 ? 0 : (waited + failed) / reads
}

function comparison(plain: LaneFigures, ages: LaneFigures): string {
  const fate = (lane: LaneFigures) => {
    const failed = lane.failed === 0 ? 'none failed' : `${formatShare(lane.failed / lane.reads)} failed`
    return `${formatShare(lane.waited / lane.reads)} of the reads waited for a load and ${failed}`
  }
  return `With the time to live alone, ${fate(plain)}. With ages, ${fate(ages)}.`
}

function price({ stale, reads, oldestMs }: LaneFigures): string {
  if (stale === 0) return `No answer was stale; the oldest was ${formatDuration(oldestMs)} old.`
  return `The price: ${formatShare(stale / reads)} of the answers were stale, the oldest ${formatDuration(oldestMs)} old.`
}

export function settleGuess(ages: LaneFigures): RunResult['guess'] {
  if (ages.reads < 10) return undefined
  const hurt = hurtOf(ages)
  const answer = hurt === 0 ? 'none' : hurt <= 0.05 ? 'few' : hurt <= 0.25 ? 'some' : 'many'
  return { answer, because: `It was ${formatShare(hurt)}, the cold start included; the longest took ${formatDuration(ages.longestMs)}.` }
}
