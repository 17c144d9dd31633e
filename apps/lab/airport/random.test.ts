import { expect, test } from 'vitest'
import { firstAbove, Random, shuffled, weightedDraw } from './random.ts'

const draws = (random: Random) => Array.from({ length: 4 }, () => random.below(1_000_000))

test('a place has its numbers, for ever', () => {
  expect(draws(new Random(1, 'booking', 1))).toMatchInlineSnapshot(`
    [
      643235,
      425423,
      532971,
      943559,
    ]
  `)
})

test('another seed, stream or row has others', () => {
  const places = [new Random(1, 'booking', 1), new Random(2, 'booking', 1), new Random(1, 'flight', 1), new Random(1, 'booking', 2)]
  expect(new Set(places.map((random) => draws(random).join())).size).toBe(4)
})

test('numbers are spread evenly, also over the first draws of neighbouring rows', () => {
  const counts = new Array<number>(10).fill(0)
  for (let row = 0; row < 10_000; row++) {
    const tenth = new Random(1, 'booking', row).below(10)
    counts[tenth] = (counts[tenth] as number) + 1
  }
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150)
})

test.each([1, 2, 19, 72, 600])('a shuffle of %i visits every place once', (size) => {
  const visited = new Set(Array.from({ length: size }, (_, index) => shuffled(index, size, new Random(7, 'seats', size))))
  expect(visited.size).toBe(size)
})

test('what weighs nothing is never drawn, what weighs three times as much three times as often', () => {
  const draw = weightedDraw([1, 0, 3])
  const random = new Random(1, 'weights', 0)
  const counts = [0, 0, 0]
  for (let index = 0; index < 4000; index++) {
    const drawn = draw(random)
    counts[drawn] = (counts[drawn] as number) + 1
  }
  expect(counts[1]).toBe(0)
  expect((counts[2] as number) / (counts[0] as number)).toBeCloseTo(3, 0)
})

test('the first above is found by halves', () => {
  const ascending = [2, 5, 5, 9]
  expect([0, 1, 2, 4, 5, 8].map((value) => firstAbove(ascending, value))).toEqual([0, 0, 1, 1, 3, 3])
})
