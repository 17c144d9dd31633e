import type { ParameterSchema, Values } from '../parameters.ts'

export const parameters = {
  fault: {
    kind: 'choice',
    label: 'The link of the other process',
    options: [
      { value: 'none', label: 'is as ever', about: 'what is written reaches it' },
      { value: 'cut', label: 'is cut', about: 'every connection breaks, and none can be made until it is mended' },
      { value: 'half-open', label: 'goes silent', about: 'half-open: nothing arrives either way, and neither end is told' },
      { value: 'mute', label: 'loses messages', about: 'commands are answered, what the server sends unasked is lost' },
    ],
    default: 'half-open',
  },
  faultSeconds: { kind: 'range', label: 'For', unit: 's', min: 1, max: 20, step: 1, default: 4 },
  maxStaleness: {
    kind: 'number',
    label: 'maxStaleness of Tiercel',
    about: 'For how long it may serve from memory without a sign of life from the link.',
    unit: 'ms',
    min: 100,
    max: 10_000,
    default: 1000,
  },
  updateEvery: {
    isDetail: true,
    kind: 'number',
    label: 'The gate changes every',
    about: 'Until the link is mended. After that nobody writes: who has not heard by then has to find out by itself.',
    unit: 'ms',
    min: 200,
    max: 10_000,
    default: 1300,
  },
  readEvery: { isDetail: true, kind: 'number', label: 'It is read every', unit: 'ms', min: 5, max: 500, default: 25 },
  ttl: {
    isDetail: true,
    kind: 'number',
    label: 'Time to live',
    about: 'Of the row, in Valkey and in memory, in all lanes.',
    unit: 's',
    min: 5,
    max: 600,
    default: 60,
  },
  seconds: { isDetail: true, kind: 'number', label: 'Length', unit: 's', min: 4, max: 120, default: 14 },
} as const satisfies ParameterSchema

export type Parameters = Values<typeof parameters>

export type FaultId = Exclude<Parameters['fault'], 'none'>

/** What happens when, in ms from the first read. */
export interface Plan {
  readonly lengthMs: number
  readonly faultFromMs: number
  /** The same as its beginning where there is none. */
  readonly faultToMs: number
  readonly updatesAtMs: readonly number[]
}

const settleMs = 400

/** The link breaks after a quarter of the time, and is mended in time for its effects to be seen. */
export function planOf({ fault, faultSeconds, updateEvery, seconds }: Parameters): Plan {
  const lengthMs = seconds * 1000
  const faultFromMs = lengthMs / 4
  const faultToMs = fault === 'none' ? faultFromMs : Math.min(faultFromMs + faultSeconds * 1000, lengthMs * 0.7)
  const lastMs = fault === 'none' ? lengthMs * 0.7 : faultToMs
  const firstMs = Math.min(updateEvery, 600)
  const count = Math.max(0, Math.floor((lastMs - firstMs) / updateEvery))
  const regular = Array.from({ length: count + 1 }, (_, place) => firstMs + place * updateEvery)
  // One right after it broke, in any case: the change that is missed.
  const missed = fault === 'none' ? [] : [faultFromMs + 150]
  // None right before: what it changes is to be in memory again when the link breaks.
  const settled = regular.filter((atMs) => fault === 'none' || atMs <= faultFromMs - settleMs || atMs >= faultFromMs)
  return { lengthMs, faultFromMs, faultToMs, updatesAtMs: [...new Set([...settled, ...missed])].sort((one, other) => one - other) }
}
