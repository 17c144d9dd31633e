import { describe, expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'
import { fairShare } from './fair-share.ts'
import { judgeFailure, readTried, type Tried, writeTried } from './verdict.ts'

const rules = { maxTries: 3, giveUpAfterMs: 1_000 }

function judgeAll(others: readonly boolean[], nowMs = 0): { tried: Tried | undefined; over: number } {
  let tried: Tried | undefined
  for (const [at, othersGotThrough] of others.entries()) {
    const judged = judgeFailure(tried, { othersGotThrough, nowMs, rules })
    tried = judged.tried
    if (judged.isOver) return { tried, over: at + 1 }
  }
  return { tried, over: 0 }
}

describe('a failure', () => {
  test('counts only when others got through', () => {
    expect(judgeAll([true, true, true]).over).toBe(3)
    expect(judgeAll(Array(100).fill(false))).toEqual({ over: 0, tried: { failures: 100, counted: 0, sinceMs: 0 } })
    expect(judgeAll([true, false, false, true, false, true]).over).toBe(6)
  })

  test('is the last when the record has failed for too long', () => {
    const before = { failures: 9, counted: 0, sinceMs: 500 }
    expect(judgeFailure(before, { othersGotThrough: false, nowMs: 1_499, rules }).isOver).toBe(false)
    expect(judgeFailure(before, { othersGotThrough: false, nowMs: 1_500, rules }).isOver).toBe(true)
  })

  test('is written and read', () => {
    const tried = { failures: 12, counted: 3, sinceMs: 1_790_000_000_000 }
    expect(readTried(writeTried(tried))).toEqual(tried)
  })
})

test('waits grow, at random within a half, to a limit', () => {
  const settings = { firstMs: 100, mostMs: 1_000 }
  expect([1, 2, 3, 4, 5, 500].map((failures) => backoffMs(settings, failures, 1))).toEqual([100, 200, 400, 800, 1_000, 1_000])
  expect(backoffMs(settings, 2, 0)).toBe(100)
})

test('shares of partitions are even, and add up', () => {
  const workers = ['c', 'a', 'b', 'd', 'e']
  for (const partitions of [1, 4, 5, 16, 17]) {
    const shares = workers.map((worker) => fairShare(worker, workers, partitions))
    expect(shares.reduce((all, share) => all + share, 0)).toBe(partitions)
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
  }
  expect(fairShare('stranger', workers, 16)).toBe(0)
})
