import { expect, test } from 'vitest'
import { coarseClock } from './clock.ts'

/** A clock that counts how often it is looked at. */
function countingClock() {
  const clock = { nowMs: 0, looks: 0, monotonicMs: () => ((clock.looks += 1), clock.nowMs) }
  return clock
}

test.each([
  [16, undefined],
  [100, 100],
])('in a burst a coarse clock looks again after %i reads, also when timers cannot run', (reads, mostReads) => {
  const clock = countingClock()
  const read = coarseClock(clock, mostReads)
  for (let at = 0; at < 10_000; at += 1) read()
  expect(clock.looks).toBeLessThan(10_000 / reads + 40)
  clock.nowMs = 500
  const readings = Array.from({ length: reads + 1 }, read)
  expect(readings).toContain(500)
})

test('who stands still between two reads is told the time each time', () => {
  const clock = countingClock()
  const read = coarseClock(clock)
  for (const nowMs of [0, 500, 501, 502, 9_000]) {
    clock.nowMs = nowMs
    expect(read()).toBe(nowMs)
  }
})

test('who reads a few times in a row and then stands still is told the time', () => {
  const clock = countingClock()
  const read = coarseClock(clock)
  for (let at = 0; at < 20; at += 1) read()
  clock.nowMs = 500
  expect(read()).toBe(500)
})

test('after a burst a coarse clock looks again when its timer is over', async () => {
  const clock = countingClock()
  const read = coarseClock(clock)
  for (let at = 0; at < 100; at += 1) read()
  clock.nowMs = 7
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(read()).toBe(7)
})
