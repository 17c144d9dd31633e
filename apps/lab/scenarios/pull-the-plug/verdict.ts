import { formatCount, formatDuration, formatShare } from '../../format/number.ts'
import type { RunResult, Verdict } from '../run-result.ts'
import type { Parameters } from './parameters.ts'
import type { ApproachId } from './protocol.ts'

export interface LaneFigures {
  readonly id: ApproachId
  readonly reads: number
  readonly failed: number
  readonly slowestMs: number
  /** At the source, with the line before it. */
  readonly slowestLoadMs: number
  /** Reads that failed, or that a user noticed. */
  readonly hurt: number
  /** Longest time for which an answer had been replaced. */
  readonly oldestMs: number
}

/** One step on the server may take so long: the default of the store. */
export const budgetMs = 50
/** For how long L1 is trusted without a sign of life: the default. */
export const maxStalenessMs = 1000
/** A process that stands still for a moment proves nothing about a cache. */
export const slackMs = 200

export const guessOptions = [
  { id: 'none', label: 'None' },
  { id: 'few', label: 'Up to one in twenty' },
  { id: 'third', label: 'Up to a third' },
  { id: 'more', label: 'More than that' },
] as const

const rule =
  'Tiercel holds when none of its reads failed, none took longer than one budget of the server (50 ms) and what the source took, and no answer had been replaced for longer than `maxStaleness` (1 s); 200 ms are left to a busy machine.'

/** A user notices what takes longer than that. */
export function hurtFromMs({ load }: Pick<Parameters, 'load'>): number {
  return Math.max(250, 2 * load + 100)
}

/** Judges by the figures alone. */
export function judge(lanes: readonly LaneFigures[]): Verdict {
  const [naive, careful, tiercel] = (['naive', 'careful', 'tiercel'] as const).map((id) => lanes.find((lane) => lane.id === id))
  if (naive === undefined || careful === undefined || tiercel === undefined || lanes.some(({ reads }) => reads < 20)) {
    return { outcome: 'unclear', sentence: 'Too little was measured to say: each lane needs twenty reads at least.', rule }
  }
  const sentence = `The naive lane's slowest read took ${formatDuration(naive.slowestMs)} and ${failedOf(naive)}; by hand, with care, it was ${formatDuration(careful.slowestMs)} and ${failedOf(careful)}. With Tiercel it was ${formatDuration(tiercel.slowestMs)} and ${failedOf(tiercel)}.`
  return { outcome: keepsItsPromise(tiercel) ? 'holds' : 'does-not-hold', sentence, rule }
}

export function keepsItsPromise({ failed, slowestMs, slowestLoadMs, oldestMs }: LaneFigures): boolean {
  return failed === 0 && slowestMs <= budgetMs + slowestLoadMs + slackMs && oldestMs <= maxStalenessMs + slackMs
}

function failedOf({ failed }: LaneFigures): string {
  return failed === 0 ? 'none failed' : `${formatCount(failed)} failed`
}

export function settleGuess(lanes: readonly LaneFigures[]): RunResult['guess'] {
  const lane = lanes.find(({ id }) => id === 'naive')
  if (lane === undefined || lane.reads < 20) return undefined
  const share = lane.hurt / lane.reads
  const answer = share === 0 ? 'none' : share <= 0.05 ? 'few' : share <= 1 / 3 ? 'third' : 'more'
  return { answer, because: `It was ${formatShare(share)}: ${formatCount(lane.hurt)} of ${formatCount(lane.reads)} reads.` }
}
