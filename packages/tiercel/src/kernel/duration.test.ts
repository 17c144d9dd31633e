import { expect, test } from 'vitest'
import { type ByteSize, sizeBytes } from './byte-size.ts'
import { type Duration, durationMs } from './duration.ts'

test.each([
  [1, 1],
  [1500, 1500],
  ['1ms', 1],
  ['30s', 30_000],
  ['5m', 300_000],
  ['1.5h', 5_400_000],
  ['7d', 604_800_000],
  ['2w', 1_209_600_000],
  ['5 m', 300_000],
] as [Duration, number][])('%s is %i ms', (given, ms) => {
  expect(durationMs(given, 'ttl')).toBe(ms)
})

test.each([
  0,
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  0.4,
  '5 parsecs',
  '',
  '5',
  'm',
  '-5m',
  '0s',
  '1e3s',
  '11000d',
  null,
  undefined,
  {},
  [],
  true,
])('%s is no duration', (given) => {
  expect(() => durationMs(given as Duration, 'ttl')).toThrow(
    expect.objectContaining({
      code: 'TIERCEL_INVALID_DURATION',
      message: expect.stringMatching(/^ttl: .* is not a duration. Allowed: 1 ms to 10 years/),
    }),
  )
})

test.each([
  [1, 1],
  ['1b', 1],
  ['2kb', 2048],
  ['64mb', 67_108_864],
  ['1.5gb', 1_610_612_736],
  ['64MB', 67_108_864],
] as [ByteSize, number][])('%s is %i bytes', (given, bytes) => {
  expect(sizeBytes(given, 'maxBytes')).toBe(bytes)
})

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 'big', '64', '64tb', null, undefined, {}])('%s is no size', (given) => {
  expect(() => sizeBytes(given as ByteSize, 'maxBytes')).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_OPTION' }))
})
