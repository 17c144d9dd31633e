import { formatCount, formatDuration, formatShare, formatSignificant } from '../../format/number.ts'
import type { RunResult, Verdict } from '../run-result.ts'
import type { ApproachId } from './protocol.ts'

export interface LaneFigures {
  readonly id: ApproachId
  readonly label: string
  readonly reads: number
  /** By expiry. */
  readonly loads: readonly number[]
  readonly waitedShare: number
  readonly longestWaitMs: number
  readonly staleShare: number
  readonly killedInExpiry: number | undefined
  readonly recoveredAfterMs: number | null
}

export const guessOptions = [
  { id: 'one', label: 'One' },
  { id: 'few', label: 'Two to four' },
  { id: 'dozen', label: 'Five to twenty' },
  { id: 'many', label: 'More than twenty' },
] as const

const rule =
  'A lane keeps the herd off its source when an expiry sends one load there, however many processes read. Two are allowed for the expiry at ' +
  'which the one who loads is killed: its own, and that of whoever takes over.'

/** Judges by the figures alone. */
export function judge(lanes: readonly LaneFigures[], hasKill: boolean): Verdict {
  const measured = lanes.filter(({ loads }) => loads.length > 0)
  const naive = measured.find(({ id }) => id === 'naive')
  const tiercel = measured.filter(({ id }) => isTiercel(id))
  if (naive === undefined || tiercel.length === 0) {
    return { outcome: 'unclear', sentence: 'Too little was measured to say: the lanes need an expiry each at least.', rule }
  }
  const isKept = tiercel.every(({ loads, killedInExpiry }) =>
    loads.every((count, place) => count <= allowedLoads(killedInExpiry, place + 1)),
  )
  const sentences = [herd(naive), calm(tiercel, isKept, hasKill), waits(naive, tiercel), ...(hasKill ? [takeOver(measured)] : [])]
  return { outcome: isKept ? 'holds' : 'does-not-hold', sentence: sentences.filter((text) => text !== '').join(' '), rule }
}

/** One, and one more for whoever takes over. */
export function allowedLoads(killedInExpiry: number | undefined, expiry: number): number {
  return expiry === killedInExpiry ? 2 : 1
}

export function isTiercel(id: string): boolean {
  return id === 'lease' || id === 'xfetch' || id === 'grace'
}

export function meanOf(counts: readonly number[]): number | null {
  return counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0) / counts.length
}

function herd({ loads }: LaneFigures): string {
  const most = Math.max(...loads)
  if (most === 1) return 'No herd came: reads are so rare, or the load so quick, that even the naive lane sent one load per expiry.'
  return `An expiry of one key sends ${formatSignificant(meanOf(loads) ?? 0)} loads to the source when everybody helps himself, ${formatCount(most)} at worst.`
}

function calm(lanes: readonly LaneFigures[], isKept: boolean, hasKill: boolean): string {
  if (isKept)
    return `With Tiercel it is one, for all processes together${hasKill ? ', and a second where the one who loads is killed' : ''}.`
  const worst = Math.max(...lanes.flatMap(({ loads }) => loads))
  return `With Tiercel it was up to ${formatCount(worst)} in this run, which is more than it should be: see the checks.`
}

function waits(naive: LaneFigures, tiercel: readonly LaneFigures[]): string {
  const least = tiercel.reduce((best, lane) => (lane.waitedShare < best.waitedShare ? lane : best))
  const share = least.waitedShare === 0 ? 'nobody waits' : `${formatShare(least.waitedShare)} of them wait`
  const price =
    least.staleShare === 0 ? 'no answer is past its time' : `${formatShare(least.staleShare)} of the answers are past their time`
  return `In the naive lane ${formatShare(naive.waitedShare)} of the reads wait, up to ${formatDuration(naive.longestWaitMs)}; with ${least.label} ${share}, and ${price}.`
}

function takeOver(lanes: readonly LaneFigures[]): string {
  const [lock, lease, grace] = (['lock', 'lease', 'grace'] as const).map((id) => lanes.find((lane) => lane.id === id))
  if (lease?.recoveredAfterMs == null) return ''
  const byHand = lock?.recoveredAfterMs == null ? '' : ` (the lock by hand: ${formatDuration(lock.recoveredAfterMs)})`
  const kept = grace === undefined || grace.waitedShare > 0 ? '' : ' With grace, nobody noticed.'
  return `When the holder of the lease was killed, a new value was there after ${formatDuration(lease.recoveredAfterMs)}${byHand}.${kept}`
}

export function settleGuess(lanes: readonly LaneFigures[]): RunResult['guess'] {
  const mean = meanOf(lanes.find(({ id }) => id === 'naive')?.loads ?? [])
  if (mean === null) return undefined
  const answer = mean < 1.5 ? 'one' : mean < 4.5 ? 'few' : mean < 20.5 ? 'dozen' : 'many'
  return { answer, because: `It was ${formatSignificant(mean)} on average: as many reads as come before the first load has ended.` }
}
