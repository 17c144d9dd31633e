import { expect, test } from 'vitest'
import { RecentKeys } from './recent-keys.ts'

function start(spanMs = 100) {
  const clock = { nowMs: 1_000 }
  return { clock, recent: new RecentKeys(spanMs, () => clock.nowMs) }
}

test('a key is recent for at least the span, and for less than two', () => {
  for (let addedAt = 0; addedAt < 250; addedAt += 10) {
    const { clock, recent } = start()
    recent.add(['before'])
    clock.nowMs += addedAt
    recent.add(['k'])
    for (const [afterMs, isRecent] of [
      [0, true],
      [100, true],
      [202, false],
    ] as const) {
      const then = clock.nowMs + afterMs
      const now = clock.nowMs
      clock.nowMs = then
      expect(recent.has('k'), `added at ${addedAt}, after ${afterMs}`).toBe(isRecent)
      clock.nowMs = now
      if (!isRecent) continue
      expect(recent.has('another')).toBe(false)
    }
  }
})

test('any key, for the span', () => {
  const { clock, recent } = start()
  recent.add(null)
  clock.nowMs += 100
  expect(recent.has('k')).toBe(true)
  clock.nowMs += 1
  expect(recent.has('k')).toBe(false)
})

test('more than it remembers are all', () => {
  const { clock, recent } = start()
  recent.add(Array.from({ length: 50_001 }, (_, at) => `k${at}`))
  expect(recent.has('another')).toBe(true)
  clock.nowMs += 101
  expect(recent.has('another')).toBe(false)
})
