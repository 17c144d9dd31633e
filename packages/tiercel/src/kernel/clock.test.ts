import { expect, test } from 'vitest'
import { coarseClock } from './clock.ts'

test('a coarse clock looks again after 16 reads, also when timers cannot run', () => {
  let nowMs = 0
  const read = coarseClock({ monotonicMs: () => nowMs })
  expect(read()).toBe(0)
  nowMs = 500
  const readings = Array.from({ length: 17 }, read)
  expect(readings.slice(0, 16)).toEqual(Array(16).fill(0))
  expect(readings[16]).toBe(500)
})

test('a coarse clock looks again after its timer', async () => {
  let nowMs = 0
  const read = coarseClock({ monotonicMs: () => nowMs })
  expect(read()).toBe(0)
  nowMs = 7
  while (read() !== 7) await new Promise(setImmediate)
})
