import { expect, test } from 'vitest'
import { judge, type LaneFigures, settleGuess } from './verdict.ts'

const plain: LaneFigures = { reads: 200, waited: 20, failed: 30, stale: 0, longestMs: 300, oldestMs: 2000, oldestWhenDueMs: 2000 }
const ages: LaneFigures = { reads: 200, waited: 4, failed: 0, stale: 50, longestMs: 300, oldestMs: 5000, oldestWhenDueMs: 5000 }

test('fewer reads hurt and none too old: the ages hold', () => {
  const { outcome, sentence } = judge(plain, ages, 7000)
  expect(outcome).toBe('holds')
  expect(sentence).toBe(
    'With the time to live alone, 10 % of the reads waited for a load and 15 % failed. With ages, 2.0 % of the reads waited for a load and none failed. The price: 25 % of the answers were stale, the oldest 5.0 s old.'.replaceAll(
      / (?=%|s old)/g,
      '\u202f',
    ),
  )
})

test('an answer that is older than allowed, or as many reads that hurt, and they do not', () => {
  expect(judge(plain, ages, 4000).outcome).toBe('does-not-hold')
  expect(judge(plain, { ...plain, oldestMs: 1000 }, 7000).outcome).toBe('does-not-hold')
})

test('a few reads say nothing', () => {
  expect(judge({ ...plain, reads: 9 }, ages, 7000).outcome).toBe('unclear')
  expect(settleGuess({ ...ages, reads: 9 })).toBeUndefined()
})

test.each([
  [0, 'none'],
  [10, 'few'],
  [50, 'some'],
  [51, 'many'],
])('%i of 200 that wait settle the guess: %s', (waited, answer) => {
  expect(settleGuess({ ...ages, waited })?.answer).toBe(answer)
})
