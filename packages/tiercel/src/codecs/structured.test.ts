import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { structuredCodec } from './structured.ts'

const textOf = (value: unknown): string => structuredCodec.encode(value) as string
const roundTrip = (value: unknown): unknown => structuredCodec.decode(Buffer.from(textOf(value)))

const kinds = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array]
const bytes = fc.uint8Array({ maxLength: 24 }).map((array) => array.slice(0, array.length & ~7).buffer)

const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    fc.constantFrom(null, undefined, true, false, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: 'binary' }),
    fc.date({ noInvalidDate: false }),
    fc.tuple(fc.constantFrom(...kinds), bytes).map(([Kind, buffer]) => new Kind(buffer as ArrayBuffer)),
    bytes.map((buffer) => new BigInt64Array(buffer as ArrayBuffer)),
    bytes.map((buffer) => Buffer.from(buffer as ArrayBuffer)),
    bytes.map((buffer) => new DataView(buffer as ArrayBuffer)),
    bytes,
    fc.array(tie('value')),
    fc.sparseArray(tie('value'), { maxNumElements: 4, maxLength: 8 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$', '$date', '$map', '$hole', '__proto__', 'toJSON', '~')), tie('value'), {
      maxKeys: 3,
    }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    fc.array(tie('value'), { maxLength: 3 }).map((values) => new Set(values)),
  ),
})).value

test('what goes in comes out', () => {
  fc.assert(
    fc.property(anything, (value) => {
      expect(roundTrip(value)).toStrictEqual(withPrototypes(value))
    }),
    { numRuns: 1_500 },
  )
})

/** Objects of fast-check have no prototype now and then; what comes back has one. */
function withPrototypes(value: unknown): unknown {
  if (value instanceof Map) return new Map([...value].map(([key, held]) => [withPrototypes(key), withPrototypes(held)]))
  if (value instanceof Set) return new Set([...value].map(withPrototypes))
  if (Array.isArray(value)) {
    const copy: unknown[] = Array(value.length)
    // forEach passes holes over.
    value.forEach((element, at) => void (copy[at] = withPrototypes(element)))
    return copy
  }
  if (typeof value !== 'object' || value === null || ![Object.prototype, null].includes(Object.getPrototypeOf(value))) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, withPrototypes(field)]))
}

test('the value that was given is not changed', () => {
  const value = Object.freeze({ at: Object.freeze(new Date(5)), list: Object.freeze([1n, undefined]) })
  expect(roundTrip(value)).toEqual({ at: new Date(5), list: [1n, undefined] })
})

describe('the text', () => {
  test('is JSON as it stands when there is nothing else', () => {
    expect(textOf({ id: 7, name: 'Zürich', $both: 1, $names: 2 })).toBe('{"id":7,"name":"Zürich","$both":1,"$names":2}')
  })

  test('is tagged where JSON would lie', () => {
    const value = {
      at: new Date(5),
      n: -0,
      big: 5n,
      none: undefined,
      m: new Map([['a', new Set([1])]]),
      b: Buffer.from('x'),
      own: { $date: 1 },
    }
    expect(textOf(value)).toBe(
      '~{"at":{"$date":5},"n":{"$number":"-0"},"big":{"$bigint":"5"},"none":{"$undefined":0},"m":{"$map":["a",{"$set":[1]}]},"b":{"$bytes":["Buffer","eA=="]},"own":{"$":{"$date":1}}}',
    )
  })
})

describe('refused, with the path to it', () => {
  class Money {
    cents = 1
  }
  class Row extends Map {}
  const cycle: Record<string, unknown> = { name: 'x' }
  cycle['self'] = { deeper: [cycle] }
  const round = new Map<string, unknown>()
  round.set('me', round)
  let deep: unknown = 1
  for (let i = 0; i < 5_000; i += 1) deep = [deep]

  test.each([
    ['a function', { a: { b: [1, () => 1] } }, 'The value at .a.b[1] is a function'],
    ['a symbol', [Symbol('s')], 'The value at [0] is a symbol'],
    ['an instance', { price: new Money() }, 'The value at .price is an object (Object) of a class'],
    ['an instance of a class of Maps', { rows: new Row() }, 'The value at .rows is an object (Map) of a class'],
    ['an instance in a Map', new Map([['k', new Money()]]), 'The value at [1] is an object (Object) of a class'],
    ['a RegExp', /x/, 'The value is an object (RegExp) of a class'],
    ['a promise', { p: Promise.resolve() }, 'The value at .p is an object (Promise) of a class'],
    ['an Error', { e: new RangeError('x') }, 'The value at .e is an object (Error) of a class'],
    ['shared memory', new SharedArrayBuffer(1), 'The value is an object (SharedArrayBuffer) of a class'],
    ['a cycle', cycle, 'The value at .self.deeper[0] is a cycle'],
    ['a Map in itself', round, 'The value at [1] is a cycle'],
    ['too deep', deep, '[0][0]… is nested deeper than 1000 levels'],
  ])('%s', (_name, value, message) => {
    expect(() => structuredCodec.encode(value)).toThrow(
      expect.objectContaining({ code: 'TIERCEL_UNSERIALIZABLE_VALUE', message: expect.stringContaining(message) }),
    )
  })
})

test('an object that is in two places comes back as two', () => {
  const shared = { at: new Date(1) }
  const [first, second] = roundTrip([shared, shared]) as object[]
  expect(first).toEqual(second)
  expect(first).not.toBe(second)
})

test('__proto__ is a name like any other, beside tags too', () => {
  const value = JSON.parse('{"__proto__":{"isAdmin":true},"at":1}') as Record<string, unknown>
  value['at'] = new Date(1)
  const back = roundTrip(value) as Record<string, unknown>
  expect(Object.keys(back)).toEqual(['__proto__', 'at'])
  expect(back['isAdmin']).toBeUndefined()
  expect(roundTrip(Object.defineProperty({}, '__proto__', { value: 5n, enumerable: true }))).toHaveProperty('__proto__', 5n)
})

test('bytes do not hold the memory they were read from', () => {
  const back = roundTrip({ bytes: Buffer.from('abc') }) as { bytes: Buffer }
  expect(back.bytes.buffer.byteLength).toBe(3)
})

test.each([
  '~{"a":{"$later":1}}',
  '~{"$map":5}',
  '~{"$set":"x"}',
  '~{"$bytes":["Float16Array","AA=="]}',
  '~{"$bytes":["Float64Array","AA=="]}',
  '~{"$bigint":"x"}',
  '~',
  '{',
])('a text that is not one is refused: %s', (text) => {
  expect(() => structuredCodec.decode(Buffer.from(text))).toThrow()
})
