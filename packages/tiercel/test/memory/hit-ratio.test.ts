import {
  hitRatio,
  hotThenScan,
  mixedRequests,
  scannedRequests,
  shiftingRequests,
  steadyRequests,
  type TraceCell,
  trace,
  traceCells,
  whyNoTrace,
} from '@tiercel/workloads'
import { LRUCache } from 'lru-cache'
import { describe, expect, test } from 'vitest'
import { createMemoryCache } from '../../src/stores/memory/memory-cache.ts'

const seed = 20
const ratioOf = (keys: readonly string[], maxEntries: number, policy: 'w-tinylfu' | 'lru' = 'w-tinylfu'): number =>
  hitRatio(keys, createMemoryCache({ maxEntries, policy, seed }))

describe('generated requests', () => {
  test.each([
    ['popular keys', steadyRequests, 76],
    ['popular keys that are all replaced every 100,000 requests', shiftingRequests, 69],
    ['popular keys beside a scan', scannedRequests, 55.5],
  ])('%s', (_, workload, atLeast) => {
    expect(ratioOf(workload('hit ratio'), 10_000)).toBeGreaterThanOrEqual(atLeast)
  })

  test.each([1_000, 10_000])('a scan leaves a hot half of %i entries alone, where LRU loses it', (entries) => {
    const { warmUp, scan } = hotThenScan(entries, 'scan')
    const hotHits = (policy: 'w-tinylfu' | 'lru'): number => {
      const cache = createMemoryCache({ maxEntries: entries, policy, seed })
      hitRatio(warmUp, cache)
      return (hitRatio(scan, cache) / 100) * 3
    }
    expect(hotHits('w-tinylfu')).toBeGreaterThanOrEqual(0.95)
    expect(hotHits('lru')).toBeLessThan(0.6)
  })

  test.each([16, 100, 1_000])('in a mix of all, %i entries earn more than LRU’s, and nowhere much less', (entries) => {
    const keys = mixedRequests(entries, 'mixed')
    expect(ratioOf(keys, entries)).toBeGreaterThan(ratioOf(keys, entries, 'lru'))
  })
})

describe('lru', () => {
  test.each([1, 2, 15, 16, 100, 1_000])('hits where lru-cache hits, with %i entries', (entries) => {
    const own = createMemoryCache<string, number>({ maxEntries: entries, policy: 'lru' })
    const other = new LRUCache<string, number>({ max: entries })
    mixedRequests(entries < 16 ? 16 : entries, 'lru').forEach((key, index) => {
      const value = own.get(key)
      if (value !== other.get(key)) expect.fail(`request ${index}: ${value} for ${key}, lru-cache has another`)
      if (value !== undefined) return
      own.set(key, index)
      other.set(key, index)
    })
    expect(new Set([...own].map(([key]) => key))).toEqual(new Set(other.keys()))
  })
})

describe('real traces', () => {
  const ratios = new Map<TraceCell, number>()
  const measured = (cell: TraceCell): number => {
    const ratio = ratios.get(cell) ?? ratioOf(trace(cell.trace), cell.entries)
    ratios.set(cell, ratio)
    return ratio
  }

  test.for(traceCells)('$trace, $entries entries', (cell, { skip }) => {
    skip(whyNoTrace(cell.trace) !== undefined, whyNoTrace(cell.trace))
    const ratio = measured(cell)
    expect(ratio).toBeGreaterThanOrEqual(cell.lru - 3.5)
    if (cell.entries >= 500) expect(ratio).toBeGreaterThanOrEqual(cell.caffeine - 3)
    if (cell.atLeast !== undefined) expect(ratio).toBeGreaterThanOrEqual(cell.atLeast)
  })

  test('the mean of those that are here', () => {
    const here = traceCells.filter((cell) => whyNoTrace(cell.trace) === undefined)
    const mean = (of: (cell: TraceCell) => number): number => here.reduce((sum, cell) => sum + of(cell), 0) / here.length
    expect(mean(measured)).toBeGreaterThanOrEqual(mean((cell) => cell.recommended) - 0.3)
  })

  test.for(traceCells)('lru as in lru-cache: $trace, $entries entries', (cell, { skip }) => {
    skip(whyNoTrace(cell.trace) !== undefined, whyNoTrace(cell.trace))
    const ratio = ratioOf(trace(cell.trace), cell.entries, 'lru')
    expect(ratio).toBe(hitRatio(trace(cell.trace), new LRUCache<string, number>({ max: cell.entries })))
    expect(ratio).toBeCloseTo(cell.lru, 2)
  })
})
