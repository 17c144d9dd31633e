import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ExpiryWheel, never } from './expiry-wheel.ts'
import { none } from './slot-lists.ts'

const step = fc.oneof(
  fc.record({ verb: fc.constant('add' as const), slot: fc.nat(19), lifeMs: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.nat(3e11)) }),
  fc.record({ verb: fc.constant('remove' as const), slot: fc.nat(19) }),
  fc.record({ verb: fc.constant('pass' as const), ms: fc.oneof(fc.nat(100), fc.nat(1e6), fc.nat(4e11)) }),
)

test('gives all that have run out, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.double({ min: 0, max: 1e6, noNaN: true }), (steps, startMs) => {
      let nowMs = Math.floor(startMs)
      const wheel = new ExpiryWheel(startMs)
      wheel.grow(20)
      const ends = new Map<number, number>()
      for (const now of steps) {
        if (now.verb === 'pass') {
          nowMs += now.ms
          const expected = [...ends].filter(([, atMs]) => atMs <= nowMs).map(([slot]) => slot)
          expect(drain(wheel, ends, nowMs).sort()).toEqual(expected.sort())
        } else {
          if (ends.delete(now.slot)) wheel.remove(now.slot)
          if (now.verb === 'remove') continue
          wheel.add(now.slot, nowMs + now.lifeMs)
          ends.set(now.slot, nowMs + now.lifeMs)
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('an entry moves down six times at most, and a call does no more steps than it may', () => {
  const wheel = new ExpiryWheel(0)
  wheel.grow(1_000)
  for (let slot = 0; slot < 1_000; slot += 1) wheel.add(slot, 86_400_000 + slot)
  let calls = 0
  for (let given = 0; given < 1_000; calls += 1) {
    const before = wheel.steps
    const slot = wheel.due(86_500_000, 10)
    expect(wheel.steps - before).toBeLessThanOrEqual(10)
    if (slot === none) continue
    wheel.remove(slot)
    given += 1
  }
  expect(wheel.steps).toBeLessThanOrEqual(7_000)
  expect(wheel.due(86_500_000, 10)).toBe(none)
})

test('what never runs out costs nothing', () => {
  const wheel = new ExpiryWheel(0)
  wheel.grow(1)
  wheel.add(0, never)
  expect(wheel.isUsed).toBe(false)
  wheel.remove(0)
})

function drain(wheel: ExpiryWheel, ends: Map<number, number>, nowMs: number): number[] {
  const gone: number[] = []
  for (let slot = wheel.due(nowMs, 1_000); slot !== none; slot = wheel.due(nowMs, 1_000)) {
    wheel.remove(slot)
    ends.delete(slot)
    gone.push(slot)
  }
  return gone
}
