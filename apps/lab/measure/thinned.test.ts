import { expect, test } from 'vitest'
import { Thinned } from './thinned.ts'

test('few are kept all, many evenly', () => {
  const thinned = new Thinned<number>(4)
  for (let item = 0; item < 4; item++) thinned.add(item)
  expect(thinned.items).toEqual([0, 1, 2, 3])
  for (let item = 4; item < 16; item++) thinned.add(item)
  expect(thinned.items).toEqual([0, 4, 8, 12])
  expect(thinned.every).toBe(4)
})
