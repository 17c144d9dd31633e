import { expect, test } from 'vitest'
import { outcomeOf } from './outcome-of.ts'

const value = { number: 7, loadedAtMs: 1000, by: 1 }
const read = { by: 1, calledAtMs: 1500, ownLoad: undefined, hasSetOff: false, ttlMs: 600 }

test.each([
  ['found fresh', {}, 'l2'],
  ['found fresh, and its refresh set off', { hasSetOff: true }, 'refreshed'],
  ['found past its time', { calledAtMs: 1700 }, 'stale'],
  ['found past its time, and its refresh set off', { calledAtMs: 1700, hasSetOff: true }, 'stale'],
  ['loaded by this very call', { calledAtMs: 900, ownLoad: 7, hasSetOff: true }, 'source'],
  ['loaded meanwhile by the same process', { calledAtMs: 900 }, 'joined'],
  ['loaded meanwhile by another process', { calledAtMs: 900, by: 2 }, 'waited'],
  ['loaded meanwhile by another, while an own load failed to be first', { calledAtMs: 900, by: 2, ownLoad: 8 }, 'waited'],
])('%s', (_what, change, outcome) => {
  expect(outcomeOf(value, { ...read, ...change })).toBe(outcome)
})
