import type { ParameterSchema, Values } from '../parameters.ts'

export const parameters = {
  fault: {
    kind: 'choice',
    label: 'Valkey',
    options: [
      { value: 'kill', label: 'is killed', about: '`kill -9`: it is gone, and comes back empty' },
      { value: 'hang', label: 'hangs', about: '`SIGSTOP`: connections stay open, nothing is answered' },
      { value: 'cut', label: 'is cut off', about: 'every connection is reset, and none can be made' },
      { value: 'slow', label: 'gets slow', about: 'every answer comes 0.3 s late' },
      { value: 'full', label: 'is full', about: 'nothing may be evicted, and what stores is refused' },
      { value: 'none', label: 'works', about: 'as on every other day' },
    ],
    default: 'kill',
  },
  faultSeconds: { kind: 'range', label: 'For', unit: 's', min: 1, max: 20, step: 1, default: 5 },
  rate: { kind: 'number', label: 'Requests a second', about: 'In each lane.', unit: '/s', min: 20, max: 1000, default: 300 },
  load: { kind: 'number', label: 'A load takes', about: 'At the source.', unit: 'ms', min: 5, max: 500, default: 20 },
  connections: {
    kind: 'number',
    label: 'Loads at a time',
    about: 'That the source of a lane can do; more wait in line.',
    min: 1,
    max: 100,
    default: 4,
  },
  keys: { isDetail: true, kind: 'number', label: 'Keys', min: 5, max: 1000, default: 60 },
  updateEvery: { isDetail: true, kind: 'number', label: 'A key changes every', unit: 'ms', min: 50, max: 5000, default: 250 },
  ttl: { isDetail: true, kind: 'number', label: 'Time to live', unit: 's', min: 5, max: 600, default: 60 },
  l1: { isDetail: true, kind: 'toggle', label: "Tiercel's own memory", about: 'L1, which the lanes by hand do not have.', default: true },
  seconds: { isDetail: true, kind: 'number', label: 'Length', unit: 's', min: 4, max: 120, default: 16 },
} as const satisfies ParameterSchema

export type Parameters = Values<typeof parameters>

export type FaultId = Exclude<Parameters['fault'], 'none'>

/** What happens when, in ms from the first read. */
export interface Plan {
  readonly lengthMs: number
  readonly faultFromMs: number
  readonly faultToMs: number
}

/** The fault comes after a quarter of the time, and ends in time for its effects to be seen. */
export function planOf({ faultSeconds, seconds }: Pick<Parameters, 'faultSeconds' | 'seconds'>): Plan {
  const lengthMs = seconds * 1000
  const faultFromMs = lengthMs / 4
  return { lengthMs, faultFromMs, faultToMs: Math.min(faultFromMs + faultSeconds * 1000, lengthMs * 0.65) }
}
