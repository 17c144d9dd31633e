import { expect, test } from 'vitest'
import { PartitionLease } from './partition-lease.ts'

test('a lease is over when its length has passed since it was asked for, whether or not a timer could run', () => {
  let nowMs = 1_000
  const clock = { monotonicMs: () => nowMs, after: () => ({ cancel: () => undefined }) }
  const lease = new PartitionLease('7', 100, { clock, sentAtMs: 1_000 })
  nowMs = 1_090
  expect(lease.isHeld).toBe(true)
  lease.renewed(1_050)
  nowMs = 1_140
  expect(lease.isHeld).toBe(true)
  nowMs = 1_150
  expect([lease.isHeld, lease.signal.aborted]).toEqual([false, true])
  // It may be somebody else's by now.
  lease.renewed(1_150)
  expect(lease.isHeld).toBe(false)
})
