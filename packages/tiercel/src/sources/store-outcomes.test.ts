import { expect, test } from 'vitest'
import { storeOutcomes } from './store-outcomes.ts'

const failure = new Error('no')
const committed = [undefined, undefined]

test.each([
  [undefined, committed],
  [{ rowCount: 2 }, committed],
  [[{ id: 1 }, { id: 2 }], committed],
  [[{ affected: 2 }], committed],
  [
    [undefined, failure],
    [undefined, failure],
  ],
  [
    [{ id: 1 }, failure],
    [undefined, failure],
  ],
])('%j says of two writes %j', (returned, outcomes) => {
  expect(storeOutcomes(returned, 2)).toEqual(outcomes)
})

test('errors of another number of writes are nobody’s', () => {
  expect(() => storeOutcomes([failure], 2)).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_BATCH' }))
})
