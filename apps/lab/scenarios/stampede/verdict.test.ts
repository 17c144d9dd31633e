import { describe, expect, test } from 'vitest'
import { judge, type LaneFigures, settleGuess } from './verdict.ts'

const lane = (id: LaneFigures['id'], change: Partial<LaneFigures> = {}): LaneFigures => ({
  id,
  label: id,
  reads: 100,
  loads: [1, 1],
  waitedShare: 0.1,
  longestWaitMs: 200,
  staleShare: 0,
  killedInExpiry: undefined,
  recoveredAfterMs: null,
  ...change,
})
const naive = lane('naive', { loads: [18, 20], waitedShare: 0.2 })

describe('judge', () => {
  test('one load per expiry holds, with the figures of the run', () => {
    const { outcome, sentence } = judge([naive, lane('lease'), lane('grace', { waitedShare: 0, staleShare: 0.12 })], false)
    expect(outcome).toBe('holds')
    expect(sentence).toContain('sends 19 loads to the source when everybody helps himself, 20 at worst')
    expect(sentence).toContain('with grace nobody waits, and 12\u202f% of the answers are past their time')
  })

  test('a second load is allowed where one was killed, and nowhere else', () => {
    const killed = { killedInExpiry: 1, recoveredAfterMs: 1100 }
    expect(judge([naive, lane('lease', { loads: [2, 1], ...killed })], true)).toMatchObject({
      outcome: 'holds',
      sentence: expect.stringContaining('a new value was there after 1.1\u202fs'),
    })
    expect(judge([naive, lane('lease', { loads: [1, 2], ...killed })], true).outcome).toBe('does-not-hold')
    expect(judge([naive, lane('lease', { loads: [2, 1] })], false).outcome).toBe('does-not-hold')
  })

  test('where no herd came, it says so', () => {
    expect(judge([lane('naive'), lane('lease')], false).sentence).toContain('No herd came')
  })

  test('a lane without an expiry is not enough', () => {
    expect(judge([lane('naive', { loads: [] }), lane('lease')], false).outcome).toBe('unclear')
  })
})

test.each([
  [[1, 1], 'one'],
  [[4, 4], 'few'],
  [[4, 6], 'dozen'],
  [[20, 22], 'many'],
])('loads %j settle the guess: %s', (loads, answer) => {
  expect(settleGuess([lane('naive', { loads })])?.answer).toBe(answer)
})

test('nothing measured settles nothing', () => expect(settleGuess([])).toBeUndefined())
