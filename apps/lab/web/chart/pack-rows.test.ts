import { expect, test } from 'vitest'
import { packRows } from './pack-rows.ts'

const span = (startMs: number, endMs: number) => ({ startMs, endMs })

test('what overlaps goes below, what follows goes back to the top', () => {
  expect(packRows([])).toEqual([])
  expect(packRows([span(0, 10), span(2, 5), span(3, 4), span(5, 8), span(10, 12)])).toEqual([0, 1, 2, 1, 0])
})
