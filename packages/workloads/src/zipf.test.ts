import { expect, test } from 'vitest'
import { createRandom } from './random.ts'
import { zipf, zipfExpectedDistinct, zipfTopShare } from './zipf.ts'

test('large numbers of keys cost no table', () => {
  const distribution = zipf({ items: 2 ** 31, exponent: 0.9, random: createRandom(3) })
  let largest = 0
  for (let draw = 0; draw < 10_000; draw++) largest = Math.max(largest, distribution.next())
  expect(largest).toBeGreaterThan(1e9)
  expect(largest).toBeLessThan(2 ** 31)
})

test('the share of the top keys', () => {
  expect(zipfTopShare({ items: 100, exponent: 0, top: 10 })).toBeCloseTo(0.1, 12)
  expect(zipfTopShare({ items: 3, exponent: 1, top: 1 })).toBeCloseTo(1 / (1 + 1 / 2 + 1 / 3), 12)
  expect(zipfTopShare({ items: 3, exponent: 1, top: 9 })).toBeCloseTo(1, 12)
})

test('the expected number of different keys is what is seen', () => {
  const options = { items: 1000, exponent: 1, requests: 5000 }
  const counts = Array.from({ length: 20 }, (_, seed) => {
    const distribution = zipf({ ...options, random: createRandom(seed) })
    return new Set(Array.from({ length: options.requests }, () => distribution.next())).size
  })
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
  expect(Math.abs(mean / zipfExpectedDistinct(options) - 1)).toBeLessThan(0.02)
})

test.each([
  [0, 1],
  [-1, 1],
  [1.5, 1],
  [2 ** 31 + 1, 1],
  [10, -0.1],
  [10, 11],
  [10, Number.NaN],
])('items %s with exponent %s is refused', (items, exponent) => {
  expect(() => zipf({ items, exponent, random: createRandom(1) })).toThrow(RangeError)
})
