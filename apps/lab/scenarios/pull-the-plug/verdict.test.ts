import { expect, test } from 'vitest'
import { judge, type LaneFigures, settleGuess } from './verdict.ts'

const calm = { reads: 1000, failed: 0, slowestMs: 90, slowestLoadMs: 30, hurt: 0, oldestMs: 0 }
const naive: LaneFigures = { ...calm, id: 'naive', failed: 40, slowestMs: 5000, hurt: 300 }
const careful: LaneFigures = { ...calm, id: 'careful', slowestMs: 2500, hurt: 200 }
const tiercel: LaneFigures = { ...calm, id: 'tiercel' }

test('nobody failed, waited long or got an old answer: it holds', () => {
  const { outcome, sentence } = judge([naive, careful, tiercel])
  expect(outcome).toBe('holds')
  expect(sentence.replaceAll('\u202f', ' ')).toBe(
    "The naive lane's slowest read took 5.0 s and 40 failed; by hand, with care, it was 2.5 s and none failed. With Tiercel it was 90 ms and none failed.",
  )
})

test.each<[string, Partial<LaneFigures>]>([
  ['a failure', { failed: 1 }],
  ['a wait beyond budget and load', { slowestMs: 281 }],
  ['an answer older than maxStaleness', { oldestMs: 1201 }],
])('%s, and it does not', (_, broken) => {
  expect(judge([naive, careful, { ...tiercel, ...broken }]).outcome).toBe('does-not-hold')
})

test('a slow source is not the fault of the cache', () => {
  expect(judge([naive, careful, { ...tiercel, slowestMs: 700, slowestLoadMs: 500 }]).outcome).toBe('holds')
})

test('a few reads say nothing', () => {
  expect(judge([naive, careful, { ...tiercel, reads: 19 }]).outcome).toBe('unclear')
  expect(settleGuess([{ ...naive, reads: 19 }])).toBeUndefined()
})

test.each([
  [0, 'none'],
  [50, 'few'],
  [333, 'third'],
  [334, 'more'],
])('%i of 1,000 reads that hurt settle the guess: %s', (hurt, answer) => {
  expect(settleGuess([{ ...naive, hurt }])?.answer).toBe(answer)
})
