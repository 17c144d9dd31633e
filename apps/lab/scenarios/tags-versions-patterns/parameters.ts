import type { ParameterSchema, Values } from '../parameters.ts'

export const parameters = {
  keys: {
    kind: 'range',
    label: 'Keys that carry the tag',
    about: 'Each way is measured with a tenth of them, with half, and with all.',
    min: 1000,
    max: 100_000,
    step: 1000,
    default: 30_000,
  },
  others: {
    kind: 'range',
    label: 'Other keys on the server',
    about: 'They belong to somebody else. Who searches by name passes all of them.',
    min: 0,
    max: 200_000,
    step: 10_000,
    default: 50_000,
  },
  value: { isDetail: true, kind: 'number', label: 'Size of a value', unit: 'B', min: 16, max: 10_000, default: 200 },
  ttl: { isDetail: true, kind: 'number', label: 'Time to live', unit: 's', min: 60, max: 3600, default: 300 },
} as const satisfies ParameterSchema

export type Parameters = Values<typeof parameters>

export function sizesOf({ keys }: Pick<Parameters, 'keys'>): readonly number[] {
  return [keys / 10, keys / 2, keys].map(Math.round)
}
