import { UsageError } from './errors.ts'
import { show } from './show.ts'

export type DurationUnit = 'ms' | 's' | 'm' | 'h' | 'd' | 'w'

/** A length of time: milliseconds, or text such as `'500ms'`, `'30s'`, `'5m'`, `'1.5h'`, `'7d'`, `'2w'`. */
export type Duration = number | `${number}${DurationUnit}`

const unitMs: Record<DurationUnit, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const maxMs = 10 * 365 * 86_400_000
const pattern = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d|w)$/

/**
 * Milliseconds of a duration, whole.
 *
 * @param option the option's name, for the message
 * @param longestMs what is allowed at most
 * @throws {TIERCEL_INVALID_DURATION} not a duration, under 1 ms, or over what is allowed
 */
export function durationMs(given: Duration, option: string, longestMs: number = maxMs): number {
  const ms = typeof given === 'number' ? given : parse(given)
  if (ms >= 1 && ms <= longestMs) return Math.round(ms)
  throw new UsageError(
    'TIERCEL_INVALID_DURATION',
    `${option}: ${show(given)} is not a duration. Allowed: 1 ms to ${longestMs === maxMs ? '10 years' : `${longestMs} ms`}, as a number of milliseconds or as text like "500ms", "30s", "5m", "1.5h", "7d", "2w".`,
  )
}

function parse(text: unknown): number {
  const match = typeof text === 'string' ? pattern.exec(text) : null
  return match === null ? Number.NaN : Number(match[1]) * unitMs[match[2] as DurationUnit]
}
