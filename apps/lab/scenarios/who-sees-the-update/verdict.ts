import { formatDuration } from '../../format/number.ts'
import type { RunResult, Verdict } from '../run-result.ts'
import type { Parameters } from './parameters.ts'
import type { ApproachId } from './protocol.ts'

export interface LaneFigures {
  readonly id: ApproachId
  readonly label: string
  readonly reads: number
  readonly changes: number
  /** Longest time after a commit at which the row before it was still served. */
  readonly oldestMs: number
  readonly isStillOld: boolean
}

/** A process that stands still for a moment proves nothing about a cache. */
export const slackMs = 100

export const guessOptions = [
  { id: 'blink', label: 'A blink: less than a tenth of a second' },
  { id: 'second', label: 'About as long as the lane with the lease' },
  { id: 'outage', label: 'As long as the link is broken' },
  { id: 'longer', label: 'Longer: also after the link is mended' },
] as const

const rule =
  'Tiercel keeps its promise when the other process never serves a row that was replaced in the database longer ago than `maxStaleness`, whatever the link does.'

/** Judges by the figures alone. */
export function judge(lanes: readonly LaneFigures[], { maxStaleness, fault }: Parameters): Verdict {
  const [pubSub, tracking, lease] = (['pub-sub', 'tracking', 'lease'] as const).map((id) => lanes.find((lane) => lane.id === id))
  if (pubSub === undefined || tracking === undefined || lease === undefined || lease.changes === 0 || lease.reads === 0) {
    return { outcome: 'unclear', sentence: 'Too little was measured to say: the gate has to change while somebody reads.', rule }
  }
  const holds = lease.oldestMs <= maxStaleness + slackMs && !lease.isStillOld
  const told = `With pub/sub the other process showed an old gate for up to ${lengthOf(pubSub)}, with tracking alone for ${lengthOf(tracking)}.`
  const kept = holds
    ? `With the lease it was ${formatDuration(lease.oldestMs)} at most, and could not have been more than ${formatDuration(maxStaleness)}.`
    : `With the lease it was ${lengthOf(lease)}, more than the ${formatDuration(maxStaleness)} that it promises: see the checks.`
  const calm =
    fault === 'none' && pubSub.oldestMs < maxStaleness
      ? ' On a link that works all three are quick: a bound shows its worth on the day the link does not.'
      : ''
  return { outcome: holds ? 'holds' : 'does-not-hold', sentence: `${told} ${kept}${calm}`, rule }
}

function lengthOf({ oldestMs, isStillOld }: LaneFigures): string {
  return isStillOld ? `${formatDuration(oldestMs)}, and still did at the end` : formatDuration(oldestMs)
}

/** In words. */
export function boundOf(id: ApproachId, { ttl, maxStaleness }: Parameters): string {
  const life = formatDuration(ttl * 1000)
  if (id === 'lease') return `${formatDuration(maxStaleness)}: maxStaleness, from the last sign of life`
  return id === 'tracking'
    ? `the time until somebody notices that the link is dead, or ${life}: the time to live`
    : `${life}: the time to live`
}

export function settleGuess(lanes: readonly LaneFigures[], { fault, faultSeconds, maxStaleness }: Parameters): RunResult['guess'] {
  const lane = lanes.find(({ id }) => id === 'pub-sub')
  if (lane === undefined || lane.changes === 0) return undefined
  const { oldestMs, isStillOld } = lane
  const outageMs = fault === 'none' ? 0 : faultSeconds * 1000
  const isLonger = isStillOld || oldestMs > outageMs + 500
  const answer = oldestMs < 100 ? 'blink' : oldestMs <= maxStaleness && !isStillOld ? 'second' : isLonger ? 'longer' : 'outage'
  return { answer, because: `It was ${lengthOf(lane)}: a message that is lost is lost, and nobody asks for it again.` }
}
