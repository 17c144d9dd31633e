import { expect, test } from 'vitest'
import { pgSource } from './pg.ts'

const { signal } = new AbortController()

/** Two writers that lock the same rows in another order wait for each other in a circle, now and then. */
test('rows go out in the order of their keys, whatever the order of the writes', async () => {
  const sent: unknown[][] = []
  const pool = {
    async query(_: string, values: unknown[]) {
      sent.push(values)
      return { rows: [] }
    },
  }
  const source = pgSource<{ name: string }>(pool, { table: 'products', key: ['shop', 'id'] })
  const keys = [
    { shop: 'b', id: 1 },
    { shop: 'a', id: 3 },
    { shop: 'a', id: 2 },
  ]
  const writes = keys.map((params) => ({ params, value: { name: 'x' }, sequence: undefined }))
  await source.storeMany(writes, { signal })
  await source.storeMany(writes.toReversed(), { signal })
  expect(sent[0]).toEqual(['x', 'a', '2', 'x', 'a', '3', 'x', 'b', '1'])
  expect(sent[1]).toEqual(sent[0])
})
