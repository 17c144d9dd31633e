import { expect, test } from 'vitest'
import { permutation } from './permutation.ts'

test.each([1, 2, 3, 7, 64, 1000, 4097])('of %s numbers each comes once', (items) => {
  const place = permutation({ items, seed: 5 })
  const placed = Array.from({ length: items }, (_, rank) => place(rank))
  expect(new Set(placed).size).toBe(items)
  expect(Math.min(...placed)).toBe(0)
  expect(Math.max(...placed)).toBe(items - 1)
})

test('the seed decides, and neighbours are torn apart', () => {
  const place = permutation({ items: 10_000, seed: 5 })
  expect(place(17)).toBe(permutation({ items: 10_000, seed: 5 })(17))
  const gaps = Array.from({ length: 1000 }, (_, rank) => Math.abs(place(rank) - place(rank + 1)))
  expect(gaps.filter((gap) => gap < 100).length).toBeLessThan(100)
})

test.each([-1, 10, 0.5])('rank %s of ten is refused', (rank) => {
  expect(() => permutation({ items: 10, seed: 1 })(rank)).toThrow(RangeError)
})
