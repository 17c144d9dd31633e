import type { ParameterSchema, Values } from '../parameters.ts'

export const parameters = {
  source: {
    kind: 'choice',
    label: 'Source',
    options: [
      { value: 'query', label: 'Busiest airports', about: 'a real query of the airport database, one at a time' },
      { value: 'timed', label: 'A timer', about: 'takes as long as you say, however many ask' },
    ],
    default: 'query',
  },
  processes: {
    kind: 'range',
    label: 'Processes',
    about: 'Real ones, each with its own memory and its own link to Valkey.',
    min: 2,
    max: 8,
    step: 1,
    default: 4,
  },
  kill: {
    kind: 'toggle',
    label: 'Kill the one who loads',
    about: 'At the first expiry, `SIGKILL` in the middle of its load. The others go on.',
    default: false,
  },
  rate: {
    isDetail: true,
    kind: 'number',
    label: 'Reads per process',
    about: 'They come at this rate, answered or not.',
    unit: '/s',
    min: 5,
    max: 500,
    default: 25,
  },
  ttl: {
    isDetail: true,
    kind: 'number',
    label: 'Time to live',
    about: 'Of the hot key.',
    unit: 'ms',
    min: 300,
    max: 10_000,
    default: 1500,
  },
  expiries: { isDetail: true, kind: 'number', label: 'Expiries per lane', min: 1, max: 20, default: 4 },
  load: {
    isDetail: true,
    kind: 'number',
    label: 'Load by timer',
    about: 'Not for the query.',
    unit: 'ms',
    min: 20,
    max: 2000,
    default: 200,
  },
  lease: {
    isDetail: true,
    kind: 'number',
    label: 'Lock and lease',
    about: 'How long they last unrenewed: what others wait for when their holder dies.',
    unit: 'ms',
    min: 200,
    max: 10_000,
    default: 1000,
  },
  beta: {
    isDetail: true,
    kind: 'range',
    label: 'Beta of XFetch',
    about: 'More is earlier.',
    min: 0.5,
    max: 4,
    step: 0.5,
    default: 1,
  },
} as const satisfies ParameterSchema

export type Parameters = Values<typeof parameters>

/** How long the lanes with grace may serve what has expired. */
export function graceOf({ ttl }: Pick<Parameters, 'ttl'>): number {
  return 10 * ttl
}
