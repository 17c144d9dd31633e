import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonCodec } from './json.ts'

const roundTrip = (value: unknown): unknown => jsonCodec.decode(Buffer.from(jsonCodec.encode(value) as string), 0)

test('what is accepted comes back equal', () => {
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.boolean(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (n === 0 ? 0 : n)),
      fc.string({ unit: 'binary' }),
      fc.array(tie('value')),
      fc.dictionary(fc.string(), tie('value')),
    ),
  })).value
  fc.assert(
    fc.property(json, (value) => {
      expect(roundTrip(value)).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

describe('refused, with the path to it', () => {
  class Money {
    toJSON(): string {
      return '1'
    }
  }
  const cycle: Record<string, unknown> = { name: 'x' }
  cycle['self'] = { deeper: [cycle] }
  let deep: unknown = 1
  for (let i = 0; i < 5_000; i += 1) deep = [deep]

  test.each([
    ['a function', { a: { b: [1, () => 1] } }, 'The value at .a.b[1] is a function'],
    ['a symbol', [Symbol('s')], 'The value at [0] is a symbol'],
    ['a function alone', () => 1, 'The value is a function'],
    ['a bigint', { n: 1n }, 'The value at .n is 1n'],
    ['NaN', { n: Number.NaN }, 'The value at .n is NaN'],
    ['Infinity', [Number.POSITIVE_INFINITY], 'The value at [0] is Infinity'],
    ['undefined in an array', [1, undefined], 'The value at [1] is undefined'],
    ['a hole', Array(2), 'The value at [0] is undefined'],
    ['a Date', { created_at: new Date(0) }, 'The value at .created_at is a Date'],
    ['a Map', { m: new Map() }, 'The value at .m is a Map'],
    ['a Set', { s: new Set() }, 'The value at .s is a Set'],
    ['a RegExp', { r: /x/ }, 'The value at .r is a RegExp'],
    ['an Error', { e: new Error('x') }, 'The value at .e is an Error'],
    ['bytes', { b: new Uint8Array(2) }, 'The value at .b is a Uint8Array'],
    ['a promise', { p: Promise.resolve() }, 'The value at .p is a Promise'],
    ['a boxed number', { n: Object(1) }, 'The value at .n is a Number'],
    ['its own toJSON', { price: new Money() }, 'The value at .price is an object (Object) with a toJSON method'],
    ['an odd name', { 'a b': 1n }, 'The value at ["a b"] is 1n'],
    ['a cycle', cycle, 'The value at .self.deeper[0] is a cycle'],
    ['too deep', deep, '[0][0]… is nested deeper than 1000 levels'],
    ['an error', { e: new RangeError('x') }, 'The value at .e is an Error'],
  ])('%s', (_name, value, message) => {
    expect(() => jsonCodec.encode(value)).toThrow(
      expect.objectContaining({ code: 'TIERCEL_UNSERIALIZABLE_VALUE', message: expect.stringContaining(message) }),
    )
  })
})

test('an instance keeps its fields, an undefined property goes', () => {
  class Row {
    id = 7
    note = undefined
    greet(): string {
      return 'hi'
    }
  }
  expect(roundTrip(new Row())).toEqual({ id: 7 })
  expect(roundTrip(Object.assign(Object.create(null) as object, { id: 7 }))).toEqual({ id: 7 })
})

test('the same object twice is not a cycle', () => {
  const shared = { id: 1 }
  expect(roundTrip([shared, { shared }, shared])).toEqual([{ id: 1 }, { shared: { id: 1 } }, { id: 1 }])
})

test('__proto__ is a name like any other', () => {
  const value = JSON.parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}') as object
  expect(JSON.stringify(roundTrip(value))).toBe(JSON.stringify(value))
  expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined()
})
