import { describe, expect, test } from 'vitest'
import { formatBytes, formatCount, formatDuration, formatFactor, formatShare, formatSignificant, formatValue } from './number.ts'

const plain = (text: string) => text.replaceAll('\u202f', ' ')

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1 000'],
  [1234567.4, '1 234 567'],
  [-12345, '-12 345'],
])('count %s is %s', (value, text) => expect(plain(formatCount(value))).toBe(text))

test.each([
  [0, '0'],
  [0.01234, '0.012'],
  [0.999, '1.0'],
  [4.26, '4.3'],
  [9.96, '10'],
  [134, '130'],
  [1234, '1 200'],
  [99_600, '100 000'],
])('two significant digits of %s are %s', (value, text) => expect(plain(formatSignificant(value))).toBe(text))

test.each([
  [0, '0 ms'],
  [0.0008512, '850 ns'],
  [0.000996, '1.0 µs'],
  [0.0014, '1.4 µs'],
  [0.0996, '0.10 ms'],
  [0.13, '0.13 ms'],
  [4.26, '4.3 ms'],
  [999.6, '1.0 s'],
  [1234, '1.2 s'],
  [61_000, '61 s'],
  [180_000, '3.0 min'],
])('%s ms are %s', (value, text) => expect(plain(formatDuration(value))).toBe(text))

test.each([
  [0, '0 %'],
  [0.0004, '<0.1 %'],
  [0.042, '4.2 %'],
  [0.5, '50 %'],
  [0.964, '96 %'],
  [0.9932, '99.3 %'],
  [0.99996, '>99.9 %'],
  [1, '100 %'],
])('share %s is %s', (value, text) => expect(plain(formatShare(value))).toBe(text))

test.each([
  [0, '0 B'],
  [512, '512 B'],
  [999.9, '1.0 kB'],
  [1300, '1.3 kB'],
  [4_700_000, '4.7 MB'],
])('%s bytes are %s', (value, text) => expect(plain(formatBytes(value))).toBe(text))

describe('values by unit', () => {
  test('a factor', () => expect(formatFactor(46.2)).toBe('46×'))
  test('what was not measured is a dash', () => {
    expect(formatValue(null, 'ms')).toBe('–')
    expect(formatValue(Number.NaN, 'count')).toBe('–')
  })
})
