import { expect, test } from 'vitest'
import { createRandom } from './random.ts'

test('the same seed gives the same stream, and these very numbers', () => {
  const draw = (seed: number) => {
    const random = createRandom(seed)
    return [random.integer(1_000_000), random.integer(1_000_000), random.integer(1_000_000)]
  }
  expect(draw(42)).toEqual(draw(42))
  expect(draw(42)).not.toEqual(draw(43))
  expect(draw(42)).toMatchInlineSnapshot(`
    [
      168473,
      750194,
      919928,
    ]
  `)
})

test('numbers fill the range evenly', () => {
  const random = createRandom('even')
  const counts = new Array<number>(16).fill(0)
  for (let draw = 0; draw < 160_000; draw++) counts[random.integer(16)]!++
  expect(chiSquared(counts, new Array<number>(16).fill(10_000))).toBeLessThan(37.7) // 15 degrees of freedom, p = 0.001
})

test('a fork is fixed by its label and leaves its parent alone', () => {
  const parent = createRandom(7)
  const alone = createRandom(7)
  const fork = parent.fork('keys')
  fork.next()
  expect(parent.next()).toBe(alone.next())
  expect(fork.next()).not.toBe(createRandom(7).fork('other').next())
})

test('neighbouring seeds are unrelated', () => {
  let agreeing = 0
  for (let seed = 0; seed < 1000; seed++) if (createRandom(seed).integer(16) === createRandom(seed + 1).integer(16)) agreeing++
  expect(agreeing).toBeGreaterThan(30)
  expect(agreeing).toBeLessThan(100)
})

test.each([0, -1, 1.5, Number.NaN])('integer(%s) is refused', (below) => {
  expect(() => createRandom(1).integer(below)).toThrow(RangeError)
})

function chiSquared(seen: readonly number[], expected: readonly number[]): number {
  return seen.reduce((sum, count, index) => sum + (count - expected[index]!) ** 2 / expected[index]!, 0)
}
