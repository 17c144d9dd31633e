import { describe, expect, test } from 'vitest'
import { defaultSettings } from '../parameters.ts'
import { type Parameters, planOf, parameters as schema } from './parameters.ts'
import { boundOf, judge, type LaneFigures, settleGuess } from './verdict.ts'

const parameters = defaultSettings(schema).parameters as Parameters

function lane(id: LaneFigures['id'], oldestMs: number, isStillOld = false): LaneFigures {
  return { id, label: id, reads: 500, changes: 8, oldestMs, isStillOld }
}

const silent = [lane('pub-sub', 9000, true), lane('tracking', 4000), lane('lease', 980)]

describe('the verdict', () => {
  test('holds while Tiercel keeps its bound, and says what the others did', () => {
    const verdict = judge(silent, parameters)
    expect(verdict.outcome).toBe('holds')
    expect(verdict.sentence).toMatch(/up to 9\.0.s, and still did at the end, with tracking alone for 4\.0.s/)
  })

  test('does not hold beyond the bound, and not when an old row is still served', () => {
    const but = (lease: LaneFigures) => judge([...silent.slice(0, 2), lease], parameters).outcome
    expect(but(lane('lease', 1099))).toBe('holds')
    expect(but(lane('lease', 1101))).toBe('does-not-hold')
    expect(but(lane('lease', 300, true))).toBe('does-not-hold')
  })

  test('is unclear when nothing changed', () => {
    expect(
      judge(
        silent.map((figures) => ({ ...figures, changes: 0 })),
        parameters,
      ).outcome,
    ).toBe('unclear')
  })
})

test.each([
  [lane('pub-sub', 20), 'blink'],
  [lane('pub-sub', 700), 'second'],
  [lane('pub-sub', 4200), 'outage'],
  [lane('pub-sub', 8000), 'longer'],
  [lane('pub-sub', 700, true), 'longer'],
] as const)('the guess, settled by %o', (figures, answer) => {
  expect(settleGuess([figures], parameters)?.answer).toBe(answer)
})

test('every lane has a bound in words', () => {
  for (const { id } of silent) expect(boundOf(id, parameters)).toMatch(/\d/)
})

describe('the plan', () => {
  test('a change falls into the fault, and none after it', () => {
    for (const seconds of [4, 14, 120]) {
      for (const updateEvery of [200, 1300, 10_000]) {
        const { faultFromMs, faultToMs, lengthMs, updatesAtMs } = planOf({ ...parameters, seconds, updateEvery })
        expect(faultToMs).toBeLessThan(lengthMs)
        expect(updatesAtMs.some((atMs) => atMs > faultFromMs && atMs < faultToMs)).toBe(true)
        expect(updatesAtMs.every((atMs) => atMs <= faultToMs)).toBe(true)
      }
    }
  })

  test('without a fault nothing breaks', () => {
    const { faultFromMs, faultToMs } = planOf({ ...parameters, fault: 'none' })
    expect(faultToMs).toBe(faultFromMs)
  })
})
