import { formatDuration, formatFactor, formatShare } from '../../format/number.ts'
import type { RunResult, Verdict } from '../run-result.ts'

export interface LaneFigures {
  readonly label: string
  readonly requests: number
  readonly meanMs: number | null
  readonly medianMs: number | null
  readonly p99Ms: number | null
  /** Share of requests that the database had to answer. */
  readonly sourceShare: number
}

export interface Figures {
  readonly uncached: LaneFigures
  readonly cached: readonly LaneFigures[]
  /** Median of `SELECT $1::int`, sent in the same way: what asking this database costs, whatever is asked. */
  readonly roundTripMs: number | null
  readonly ttl: string
}

export const guessOptions = [
  { id: 'none', label: 'Less than a fifth, or it gets slower' },
  { id: 'some', label: 'A fifth to a half' },
  { id: 'most', label: 'Half to nine tenths' },
  { id: 'nearly-all', label: 'More than nine tenths' },
] as const

const neededRequests = 30
/** Below this, the query is little more than the way to the database and back. */
const workFactor = 1.7
const paysFrom = 0.5
const paysLittleFrom = 0.2

const rule =
  'It pays when a request takes half as long or less, on average; a little, when it takes a fifth less. It does not pay below that, nor when the ' +
  `query takes less than ${workFactor} times as long as \`SELECT $1::int\`, which touches no table: then the time goes into asking and not into ` +
  'work that could be spared, and asking Valkey costs something too.'

interface Comparison {
  readonly uncached: LaneFigures & { readonly meanMs: number; readonly medianMs: number }
  readonly best: LaneFigures & { readonly meanMs: number }
  readonly savedShare: number
}

/** Judges by the figures alone. */
export function judge(figures: Figures): Verdict {
  const comparison = compare(figures)
  if (comparison === undefined) {
    return {
      outcome: 'unclear',
      sentence: 'Too little was measured to say: each lane needs thirty requests at least, and more time if they are slow.',
      rule,
    }
  }
  const { uncached, savedShare } = comparison
  const { roundTripMs } = figures
  if (roundTripMs !== null && uncached.medianMs < workFactor * roundTripMs) {
    return { outcome: 'does-not-pay', sentence: nothingToSave(comparison, figures, roundTripMs), rule }
  }
  if (savedShare >= paysFrom) return { outcome: 'pays', sentence: `It pays. ${gain(comparison)}${tail(comparison)}`, rule }
  if (savedShare >= paysLittleFrom)
    return { outcome: 'pays-little', sentence: `It pays a little. ${gain(comparison)}${tail(comparison)}`, rule }
  return { outcome: 'does-not-pay', sentence: `It does not pay with this workload. ${loss(comparison)}`, rule }
}

/** Which guess the figures prove right. */
export function settleGuess(figures: Figures): RunResult['guess'] {
  const comparison = compare(figures)
  if (comparison === undefined) return undefined
  const { savedShare, uncached, best } = comparison
  const answer = savedShare < 0.2 ? 'none' : savedShare < 0.5 ? 'some' : savedShare <= 0.9 ? 'most' : 'nearly-all'
  const change = savedShare >= 0 ? `${formatShare(savedShare)} less` : `${formatShare(-savedShare)} more`
  const means = `${formatDuration(best.meanMs)} a request on average instead of ${formatDuration(uncached.meanMs)}`
  return { answer, because: `${best.label} took ${means}: ${change} waiting, all requests together.` }
}

function compare({ uncached, cached }: Figures): Comparison | undefined {
  const { meanMs, medianMs } = uncached
  const measured = cached.filter(isMeasured)
  const [first, ...rest] = measured
  if (meanMs === null || medianMs === null || uncached.requests < neededRequests || first === undefined) return undefined
  const best = rest.reduce((least, lane) => (lane.meanMs < least.meanMs ? lane : least), first)
  return { uncached: { ...uncached, meanMs, medianMs }, best, savedShare: 1 - best.meanMs / meanMs }
}

function isMeasured(lane: LaneFigures): lane is LaneFigures & { meanMs: number } {
  return lane.meanMs !== null && lane.requests >= neededRequests
}

function gain({ uncached, best }: Comparison): string {
  const factor = formatFactor(uncached.meanMs / best.meanMs)
  const means = `${formatDuration(best.meanMs)} on average instead of ${formatDuration(uncached.meanMs)}, ${factor} as fast`
  return `With ${best.label} a request takes ${means}, and ${formatShare(1 - best.sourceShare)} of them never reach the database.`
}

/** The lesson that a mean hides. */
function tail({ uncached, best }: Comparison): string {
  if (uncached.p99Ms === null || best.p99Ms === null) return ''
  if (best.p99Ms < uncached.p99Ms / 2) return ''
  return ` The slowest one in a hundred still waits ${formatDuration(best.p99Ms)} (without a cache ${formatDuration(uncached.p99Ms)}): it is a miss.`
}

function loss({ uncached, best, savedShare }: Comparison): string {
  const means = `${formatDuration(best.meanMs)} on average, without a cache ${formatDuration(uncached.meanMs)}`
  const reason =
    best.sourceShare > 0.5
      ? `${formatShare(best.sourceShare)} of the requests find nothing in it: too many different questions, or too short a time to live.`
      : 'An answer from the cache takes nearly as long as one from the database.'
  return `With ${best.label} a request takes ${means}${savedShare < 0 ? ': it gets slower' : ''}. ${reason}`
}

function nothingToSave({ uncached }: Comparison, { cached, ttl }: Figures, roundTripMs: number): string {
  const work = `The query takes ${formatDuration(uncached.medianMs)}, and this database needs ${formatDuration(roundTripMs)} for \`SELECT $1::int\`, which touches no table: the time goes into asking, and there is hardly any work to save.`
  const effects = cached.filter(isMeasured).map(({ label, meanMs }) => {
    const differenceMs = uncached.meanMs - meanMs
    return differenceMs >= 0
      ? `${label} takes ${formatDuration(differenceMs)} off a request`
      : `${label} adds ${formatDuration(-differenceMs)} to a request`
  })
  const price = `and in return an answer may be ${ttlInWords[ttl] ?? ttl} old`
  return `It does not pay. ${work} ${effects.join(', ')}, ${price}.`
}

const ttlInWords: Readonly<Record<string, string>> = { '1s': 'a second', '10s': 'ten seconds', '1m': 'a minute', '5m': 'five minutes' }
