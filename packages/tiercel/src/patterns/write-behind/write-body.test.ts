import { expect, test } from 'vitest'
import { readRecord, toRecord } from './write-body.ts'

const write = { name: 'row:{id}', key: 'tc1:e:shop:row:a b', params: { id: 'a b' } }

/** As other processes and versions have appended them. */
test.each([
  [{ kind: 'store', value: { a: 1 } }, '\u0001[{"id":"a b"},{"a":1}]'],
  [{ kind: 'store', value: null }, '\u0001[{"id":"a b"},null]'],
  [{ kind: 'store', value: new Date(0) }, '\u0001~[{"id":"a b"},{"$date":0}]'],
  [{ kind: 'remove' }, '\u0001[{"id":"a b"}]'],
] as const)('%j as a record, and back', (change, body) => {
  const record = toRecord({ ...write, change })
  expect(record).toEqual({ key: 'row:{id} tc1:e:shop:row:a b', body: Buffer.from(body) })
  expect(readRecord(record)).toEqual({ ...write, change })
})

test('one of a later version is not guessed at', () => {
  expect(() => readRecord({ key: 'row:{id} row:1', body: Buffer.from('\u0002[]') })).toThrow(
    expect.objectContaining({ code: 'TIERCEL_UNSUPPORTED' }),
  )
})
