import { expect, test } from 'vitest'
import { coarseClock } from './clock.ts'

test.each([
  [16, undefined],
  [100, 100],
])('a coarse clock looks again after %i reads, also when timers cannot run', (reads, readsPerLook) => {
  let nowMs = 0
  const read = coarseClock({ monotonicMs: () => nowMs }, readsPerLook)
  expect(read()).toBe(0)
  nowMs = 500
  const readings = Array.from({ length: reads + 1 }, read)
  expect(readings.slice(0, reads)).toEqual(Array(reads).fill(0))
  expect(readings[reads]).toBe(500)
})

test('a coarse clock looks again after its timer', async () => {
  let nowMs = 0
  const read = coarseClock({ monotonicMs: () => nowMs })
  expect(read()).toBe(0)
  nowMs = 7
  while (read() !== 7) await new Promise(setImmediate)
})
