import type { ParameterSchema, Values } from '../parameters.ts'

export const parameters = {
  trouble: {
    kind: 'choice',
    label: 'The source, in the middle third',
    options: [
      { value: 'none', label: 'is as ever', about: 'every load takes its time and succeeds' },
      { value: 'slow', label: 'is slow', about: 'a load takes eight times as long' },
      { value: 'fails', label: 'fails', about: 'every load takes its time and fails' },
    ],
    default: 'fails',
  },
  ttl: {
    kind: 'number',
    label: 'Time to live',
    about: 'Up to this age an answer is fresh.',
    unit: 'ms',
    min: 200,
    max: 10_000,
    default: 2000,
  },
  grace: {
    kind: 'number',
    label: 'Grace',
    about: 'For this long after it, stale: served while it is refreshed, or when the source fails.',
    unit: 'ms',
    min: 0,
    max: 60_000,
    default: 5000,
  },
  refreshAhead: {
    kind: 'choice',
    label: 'Refresh ahead',
    about: 'A read after this part of the time to live sets off a refresh.',
    options: [
      { value: 'off', label: 'off' },
      { value: '0.5', label: '½' },
      { value: '0.75', label: '¾' },
      { value: '0.9', label: '0.9' },
    ],
    default: 'off',
  },
  timeout: {
    kind: 'number',
    label: 'Timeout',
    about: 'How long the reader that refreshes waits for it before it takes the stale answer. 0: not at all. Readers elsewhere never wait.',
    unit: 'ms',
    min: 0,
    max: 5000,
    default: 0,
  },
  load: { isDetail: true, kind: 'number', label: 'A load takes', unit: 'ms', min: 10, max: 3000, default: 300 },
  backoff: {
    isDetail: true,
    kind: 'number',
    label: 'Grace backoff',
    about: 'After a failed refresh, how long the stale answer is served before the next one.',
    unit: 'ms',
    min: 50,
    max: 60_000,
    default: 1000,
  },
  readers: {
    isDetail: true,
    kind: 'range',
    label: 'Readers',
    about: 'Each with a cache of its own; they share Valkey.',
    min: 1,
    max: 8,
    step: 1,
    default: 3,
  },
  every: { isDetail: true, kind: 'number', label: 'Each reads every', unit: 'ms', min: 20, max: 2000, default: 200 },
  seconds: { isDetail: true, kind: 'number', label: 'Length', unit: 's', min: 2, max: 60, default: 15 },
} as const satisfies ParameterSchema

export type Parameters = Values<typeof parameters>

/** Options of the cache in the lane with ages. */
export function agesOf({ grace, refreshAhead, timeout, backoff }: Parameters) {
  return {
    grace: grace === 0 ? false : grace,
    refreshAhead: refreshAhead === 'off' ? false : Number(refreshAhead),
    timeout: timeout === 0 ? false : timeout,
    graceBackoff: backoff,
  } as const
}
