import { createRandom, zipf } from '@tiercel/workloads'
import { expect, test } from 'vitest'
import { Arena } from '../../src/stores/memory/arena.ts'

const maxEntries = 100_000
const requests = 1_500_000
/** Words and slots halved, entries moved and looked at. Some hundred nanoseconds; a millisecond would be about a million. */
const mostStepsPerCall = 500

test('no call does more than a few hundred steps, while the window moves, counters are halved and entries run out', {
  timeout: 120_000,
}, () => {
  let nowMs = 0
  const arena = new Arena({
    maxEntries,
    maxBytes: Number.POSITIVE_INFINITY,
    isWeighed: false,
    policy: 'w-tinylfu',
    seed: 20,
    nowMs: () => nowMs,
  })
  const entries = arena.partition('')
  const random = createRandom('bounded work')
  const popular = zipf({ items: maxEntries * 5, exponent: 0.9, random })
  let most = 0
  let before = 0
  const measured = <T>(result: T): T => {
    most = Math.max(most, arena.steps - before)
    before = arena.steps
    return result
  }
  for (let request = 0; request < requests; request += 1) {
    // A scan, then popular keys, then all that was stored in a millisecond runs out at once.
    if (request === 1_200_000) nowMs += 60_000
    const key = request < 200_000 ? -request : popular.next()
    if (measured(entries.get(key)) === undefined) measured(entries.set(key, 1, 0, nowMs + 60_000))
    if (arena.entries > maxEntries) expect.fail(`request ${request}: ${arena.entries} entries`)
  }
  expect(before).toBeGreaterThan(300_000)
  expect(most).toBeLessThanOrEqual(mostStepsPerCall)
})
