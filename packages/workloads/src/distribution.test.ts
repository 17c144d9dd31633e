import { describe, expect, test } from 'vitest'
import type { KeyDistribution } from './distribution.ts'
import { hotspot } from './hotspot.ts'
import { createRandom, type Random } from './random.ts'
import { scan } from './scan.ts'
import { uniform } from './uniform.ts'
import { zipf } from './zipf.ts'

const distributions: Record<string, (random: Random) => KeyDistribution> = {
  'zipf 0 (uniform)': (random) => zipf({ items: 50, exponent: 0, random }),
  'zipf 0.7': (random) => zipf({ items: 50, exponent: 0.7, random }),
  'zipf 0.99': (random) => zipf({ items: 200, exponent: 0.99, random }),
  'zipf 1': (random) => zipf({ items: 50, exponent: 1, random }),
  'zipf 1.3': (random) => zipf({ items: 50, exponent: 1.3, random }),
  'zipf 3': (random) => zipf({ items: 1000, exponent: 3, random }),
  'zipf of one key': (random) => zipf({ items: 1, exponent: 1, random }),
  'zipf of two keys': (random) => zipf({ items: 2, exponent: 1.5, random }),
  uniform: (random) => uniform({ items: 50, random }),
  hotspot: (random) => hotspot({ items: 50, hotItems: 5, hotShare: 0.8, random }),
  'hotspot, all hot': (random) => hotspot({ items: 5, hotItems: 5, hotShare: 0.1, random }),
  scan: () => scan({ items: 50 }),
}

describe.each(Object.entries(distributions))('%s', (_name, create) => {
  test('frequencies are those of the theory', () => {
    const draws = 200_000
    const distribution = create(createRandom('frequencies'))
    const counts = new Array<number>(distribution.items).fill(0)
    for (let draw = 0; draw < draws; draw++) counts[distribution.next()]!++
    const { statistic, degrees } = chiSquared(counts, (rank) => distribution.probability(rank) * draws)
    // The statistic's mean is `degrees`, its standard deviation √(2·degrees): five of them is one in a million.
    expect(statistic).toBeLessThanOrEqual(degrees + 5 * Math.sqrt(2 * degrees))
  })

  test('probabilities add up to one, and none lies outside', () => {
    const distribution = create(createRandom(1))
    let sum = 0
    for (let rank = 0; rank < distribution.items; rank++) sum += distribution.probability(rank)
    expect(sum).toBeCloseTo(1, 10)
    expect(distribution.probability(-1)).toBe(0)
    expect(distribution.probability(distribution.items)).toBe(0)
  })

  test('the same seed gives the same sequence', () => {
    const [one, two] = [create(createRandom(9)), create(createRandom(9))]
    for (let draw = 0; draw < 500; draw++) expect(one.next()).toBe(two.next())
  })
})

/** Ranks that are expected fewer than ten times are taken together, as the test's theory asks for. */
function chiSquared(counts: readonly number[], expectedOf: (rank: number) => number): { statistic: number; degrees: number } {
  let statistic = 0
  let bins = 0
  let seen = 0
  let expected = 0
  counts.forEach((count, rank) => {
    seen += count
    expected += expectedOf(rank)
    if (expected >= 10) {
      statistic += (seen - expected) ** 2 / expected
      bins++
      seen = 0
      expected = 0
    }
  })
  return { statistic, degrees: Math.max(0, bins - 1) }
}
