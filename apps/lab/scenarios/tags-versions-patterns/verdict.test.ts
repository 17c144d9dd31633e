import { describe, expect, test } from 'vitest'
import type { LaneFound, Point } from './finding.ts'
import { judge, settleGuess } from './verdict.ts'

function point(ms: number, commands: number): Point {
  return { size: 1000, ms, commands, serverMs: ms / 2, pauseMs: ms, quietPauseMs: 0.2, keysLeft: 0 }
}

function lane(id: LaneFound['id'], last: Point, back = 0): LaneFound {
  return { id, label: id, points: [last], bookkeepingBytes: 0, commandsPerRead: 1, oldAfterLoss: { before: back, after: 0 } }
}

const lanes = [
  lane('members', point(200, 32), 200),
  lane('pattern', point(300, 90)),
  lane('version', point(0.4, 1), 200),
  lane('token', point(0.5, 1)),
]
const withToken = (token: LaneFound) => judge([...lanes.slice(0, 3), token]).outcome

describe('the verdict', () => {
  test('holds with one command and nothing that comes back', () => {
    const verdict = judge(lanes)
    expect(verdict.outcome).toBe('holds')
    expect(verdict.sentence).toContain('the set gave 200 old values back and the version key 200')
    expect(verdict.sentence).toContain('the token none')
  })

  test('does not hold with more commands, or when something comes back', () => {
    expect(withToken(lane('token', point(0.5, 2)))).toBe('does-not-hold')
    expect(withToken(lane('token', point(0.5, 1), 1))).toBe('does-not-hold')
  })

  test('is unclear when a way is missing', () => {
    expect(judge(lanes.slice(0, 2)).outcome).toBe('unclear')
    expect(withToken({ ...lane('token', point(0.5, 1)), oldAfterLoss: null })).toBe('unclear')
  })
})

test.each([
  [1, 'same'],
  [10, 'ten'],
  [100, 'hundred'],
  [1000, 'more'],
])('the guess at %s times', (factor, answer) => {
  expect(settleGuess([lane('members', point(factor, 1)), lane('token', point(1, 1))])?.answer).toBe(answer)
})
