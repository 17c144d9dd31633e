import { formatCount, formatDuration, formatFactor } from '../../format/number.ts'
import type { RunResult, Verdict } from '../run-result.ts'
import type { LaneFound } from './finding.ts'

export const guessOptions = [
  { id: 'same', label: 'About as long' },
  { id: 'ten', label: 'Some ten times as long' },
  { id: 'hundred', label: 'Some hundred times as long' },
  { id: 'more', label: 'Five hundred times and more' },
] as const

const rule =
  'The token keeps its promise when it takes one command for any number of keys, and when nothing that was invalidated is served again after its bookkeeping was evicted.'

/** Judges by the figures alone. */
export function judge(lanes: readonly LaneFound[]): Verdict {
  const [members, pattern, version, token] = (['members', 'pattern', 'version', 'token'] as const).map((id) =>
    lanes.find((lane) => lane.id === id),
  )
  const [byMembers, byPattern, byToken] = [members, pattern, token].map((lane) => lane?.points.at(-1))
  if (byMembers === undefined || byPattern === undefined || byToken === undefined || token?.oldAfterLoss == null) {
    return { outcome: 'unclear', sentence: 'Too little was measured to say: all four ways have to be through.', rule }
  }
  const back = backIn(token)
  const holds = back === 0 && token.points.every(({ commands }) => commands === 1)
  const time =
    `To forget ${formatCount(byToken.size)} keys took ${formatDuration(byMembers.ms)} by their set and ${formatDuration(byPattern.ms)} by their pattern; ` +
    `one token took ${formatDuration(byToken.ms)}, however many they are.`
  const lost = `When the bookkeeping was evicted, the set gave ${formatCount(backIn(members))} old values back and the version key ${formatCount(backIn(version))}, of 400 each; the token ${back === 0 ? 'none' : formatCount(back)}.`
  return { outcome: holds ? 'holds' : 'does-not-hold', sentence: `${time} ${lost}`, rule }
}

function backIn(lane: LaneFound | undefined): number {
  const { before = 0, after = 0 } = lane?.oldAfterLoss ?? {}
  return before + after
}

export function settleGuess(lanes: readonly LaneFound[]): RunResult['guess'] {
  const [members, token] = (['members', 'token'] as const).map((id) => lanes.find((lane) => lane.id === id)?.points.at(-1))
  if (members === undefined || token === undefined) return undefined
  const factor = members.ms / token.ms
  const answer = factor < 3 ? 'same' : factor < 35 ? 'ten' : factor < 300 ? 'hundred' : 'more'
  return { answer, because: `It was ${formatFactor(factor)}: ${formatDuration(members.ms)} against ${formatDuration(token.ms)}.` }
}
