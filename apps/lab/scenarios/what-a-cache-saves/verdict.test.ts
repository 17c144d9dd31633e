import { expect, test } from 'vitest'
import { type Figures, judge, type LaneFigures, settleGuess } from './verdict.ts'

const lane = (label: string, meanMs: number, more: Partial<LaneFigures> = {}): LaneFigures => {
  return { label, requests: 5000, meanMs, medianMs: meanMs, p99Ms: meanMs * 4, sourceShare: label === 'No cache' ? 1 : 0.05, ...more }
}
const figures = (uncachedMs: number, cachedMs: readonly number[], more: Partial<Figures> = {}): Figures => ({
  uncached: lane('No cache', uncachedMs),
  cached: cachedMs.map((ms, place) => lane(place === 0 ? 'Valkey' : 'L1 + Valkey', ms)),
  roundTripMs: 0.4,
  ttl: '5m',
  ...more,
})
const sentence = (given: Figures) => judge(given).sentence.replaceAll('\u202f', ' ')

test('a query that costs something, mostly answered by the cache, pays', () => {
  const given = figures(20, [2, 1])
  expect(judge(given).outcome).toBe('pays')
  expect(sentence(given)).toBe(
    'It pays. With L1 + Valkey a request takes 1.0 ms on average instead of 20 ms, 20× as fast, and 95 % of them never reach the database.',
  )
})

test('the slowest requests are named when the cache does not help them', () => {
  const given = figures(20, [2], { cached: [lane('Valkey', 2, { p99Ms: 78 })] })
  expect(sentence(given)).toContain('The slowest one in a hundred still waits 78 ms (without a cache 80 ms): it is a miss.')
})

test('a query that is little more than its round trip does not pay, however fast the cache is', () => {
  const given = figures(0.5, [0.2, 0.01])
  expect(judge(given).outcome).toBe('does-not-pay')
  expect(sentence(given)).toContain('there is hardly any work to save')
  expect(sentence(given)).toContain('Valkey takes 0.30 ms off a request, L1 + Valkey takes 0.49 ms off a request')
  expect(sentence(given)).toContain('an answer may be five minutes old')
})

test('the same query pays on a database that has to work for it: nothing is decided by its name', () => {
  expect(judge(figures(0.5, [0.1], { roundTripMs: 0.1 })).outcome).toBe('pays')
})

test('a cache that only adds a step is said to', () => {
  const given = figures(0.5, [0.8])
  expect(sentence(given)).toContain('Valkey adds 0.30 ms to a request')
})

test('few hits pay little, and none do not', () => {
  expect(judge(figures(20, [14])).outcome).toBe('pays-little')
  const given = figures(20, [19.6], { cached: [lane('Valkey', 19.6, { sourceShare: 0.98 })] })
  expect(judge(given).outcome).toBe('does-not-pay')
  expect(sentence(given)).toContain('98 % of the requests find nothing in it')
})

test('too little measured is no verdict and settles no guess', () => {
  const given = figures(20, [1], { uncached: lane('No cache', 20, { requests: 12 }) })
  expect(judge(given).outcome).toBe('unclear')
  expect(settleGuess(given)).toBeUndefined()
})

test.each([
  [22, 'none'],
  [19, 'none'],
  [14, 'some'],
  [8, 'most'],
  [1, 'nearly-all'],
])('of 20 ms, %s ms are left: %s', (cachedMs, answer) => {
  expect(settleGuess(figures(20, [cachedMs]))?.answer).toBe(answer)
})
