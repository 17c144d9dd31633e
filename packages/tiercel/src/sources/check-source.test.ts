import { expect, test } from 'vitest'
import { checkSource } from './check-source.ts'

test.each([
  [undefined, 'x: a source is an object with functions, not undefined.'],
  [{}, 'x: there is none of load, loadMany, store, storeMany, remove: a source has at least one.'],
  [{ load: 'products' }, 'x.load: "products" is not a function.'],
  [{ load() {}, remove: true }, 'x.remove: true is not a function.'],
])('%j is no source', (given, message) => {
  expect(() => checkSource(given as object, 'x')).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_OPTION', message }))
})

test('a source is handed back, an instance of a class too', () => {
  class Products {
    load(): null {
      return null
    }
  }
  const source = new Products()
  expect(checkSource(source, 'x')).toBe(source)
})
