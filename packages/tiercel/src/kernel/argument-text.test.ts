import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { argumentText } from './argument-text.ts'

const withHole = [1, 2, 3]
delete withHole[1]

const text = (...args: unknown[]): string => argumentText(args, 'forecast')

describe('arguments as text', () => {
  test.each([
    [[], '()'],
    [['ZRH', 3, { unit: 'C', at: 1n }], '("ZRH",3,Object("at"=1n,"unit"="C"))'],
    [[undefined], '(undefined)'],
    [[null, true, -0, Number.NaN, Number.NEGATIVE_INFINITY], '(null,true,-0,NaN,-Infinity)'],
    [[new Date(7)], '(Date(7))'],
    [[[1, [2]], []], '([1,[2]],[])'],
    [[withHole], '([1,empty,3])'],
    [
      [
        new Map<unknown, unknown>([
          ['b', 1],
          [{ k: 1 }, 2],
        ]),
      ],
      '(Map("b"=1,Object("k"=1)=2))',
    ],
    [[new Set(['b', 'a'])], '(Set("a","b"))'],
    [['a"b\\\n\ud800'], '("a\\"b\\\\\\n\\ud800")'],
  ] as [unknown[], string][])('case %#', (args, expected) => {
    expect(text(...args)).toBe(expected)
  })

  test('tell apart what === and JSON confuse', () => {
    const calls: unknown[][] = [
      [],
      [undefined],
      [null],
      [1],
      ['1'],
      [1n],
      [true],
      ['true'],
      [0],
      [-0],
      [Number.NaN],
      ['NaN'],
      [Number.POSITIVE_INFINITY],
      [[]],
      [{}],
      [new Map()],
      [new Set()],
      [[undefined]],
      [new Array(1)],
      [{ a: undefined }],
      [{ a: null }],
      [1, undefined],
      [[1], 2],
      [[1, 2]],
      ['1,2'],
      ['a', 'b'],
      ['a","b'],
      [new Date(1)],
      ['Date(1)'],
      [new Map([[1, 2]])],
      [new Map([['1', 2]])],
      [new Set([1, 2])],
      [new Set([[1, 2]])],
      [{ '1': 2 }],
    ]
    expect(new Set(calls.map((args) => text(...args))).size).toBe(calls.length)
  })

  test('do not tell apart orders that are no content, nor who made an object', () => {
    const bare = Object.assign(Object.create(null), { b: 2, a: 1 })
    expect(text({ a: 1, b: 2 })).toBe(text({ b: 2, a: 1 }))
    expect(text(bare)).toBe(text({ a: 1, b: 2 }))
    expect(
      text(
        new Map([
          [1, 2],
          [3, 4],
        ]),
      ),
    ).toBe(
      text(
        new Map([
          [3, 4],
          [1, 2],
        ]),
      ),
    )
    expect(text(new Set([1, 2]))).toBe(text(new Set([2, 1])))
    const shared = { a: 1 }
    expect(text([shared, shared])).toBe(text([{ a: 1 }, { a: 1 }]))
  })
})

describe('are refused', () => {
  class Money {
    amount = 1
  }
  class Point extends Map {}
  const cycle: { self?: unknown } = {}
  cycle.self = { again: [cycle] }
  let deep: unknown = 1
  for (let i = 0; i < 101; i += 1) deep = [deep]

  test.each([
    [[() => 1], 'argument 1 is a function'],
    [['a', Symbol('s')], 'argument 2 is a symbol'],
    [[{ user: { createdBy: () => 1 } }], 'argument 1, at .user.createdBy, is a function'],
    [[{ 'a b': [1, Symbol('s')] }], 'argument 1, at ["a b"][1], is a symbol'],
    [[new Money()], 'an instance of Money'],
    [[new Point()], 'an instance of Point'],
    [[Promise.resolve(1)], 'an instance of Promise'],
    [[/x/], 'an instance of RegExp'],
    [[new Error('no')], 'an instance of Error'],
    [[Buffer.from('x')], 'an instance of Buffer'],
    [[new URL('https://example.org')], 'an instance of URL'],
    [[new String('x')], 'an instance of String'],
    [[new WeakMap()], 'an instance of WeakMap'],
    [[Object.create(Date.prototype)], 'an instance of Date'],
    [[Object.create({})], 'an instance of Object'],
    [[new Date(Number.NaN)], 'an invalid Date'],
    [[{ [Symbol('s')]: 1 }], 'an object with symbols for names'],
    [[Object.assign([1], { extra: 1 })], 'an array with named fields'],
    [[Object.assign(new Map(), { extra: 1 })], 'an instance of Map'],
    [[cycle], 'argument 1, at .self.again[0], is a cycle'],
    [[deep], 'nested deeper than 100 levels'],
    [[new Map([['k', () => 1]])], 'argument 1, at .get("k"), is a function'],
    [[new Set([() => 1])], 'argument 1, at .values(), is a function'],
  ] as [unknown[], string][])('case %#', (args, message) => {
    expect(() => text(...args)).toThrow(
      expect.objectContaining({ code: 'TIERCEL_INVALID_ARGUMENT', message: expect.stringContaining(`forecast: `) }),
    )
    expect(() => text(...args)).toThrow(message)
  })
})

const anyArgument = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.oneof(
      fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', '=', '(', ')', ':', '\ud800', '1', 'n') }),
      fc.constantFrom(0, -0, 1, Number.NaN, Number.POSITIVE_INFINITY, 1n, 0n, null, undefined, true, false),
      fc.double(),
      fc.bigInt(),
      fc.date({ noInvalidDate: true }),
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '"', ',', 'a=1'), tie('value'), { maxKeys: 3 }),
    fc
      .array(fc.tuple(fc.oneof(fc.string({ maxLength: 2 }), fc.integer({ max: 2, min: 0 })), tie('value')), { maxLength: 3 })
      .map((entries) => new Map(entries)),
    fc.array(fc.oneof(fc.string({ maxLength: 2 }), fc.integer({ max: 2, min: 0 })), { maxLength: 3 }).map((members) => new Set(members)),
  ),
})).value
const anyArguments = fc.array(anyArgument, { maxLength: 3 })

describe('of any arguments', () => {
  test('equal ones have equal texts, different ones different texts', () => {
    fc.assert(
      fc.property(anyArguments, anyArguments, (a, b) => {
        expect(text(...a) === text(...b)).toBe(isDeepStrictEqual(a.map(normal), b.map(normal)))
      }),
      { numRuns: 3_000 },
    )
  })

  test('a copy with everything the other way round has the same text', () => {
    fc.assert(
      fc.property(anyArguments, (args) => {
        expect(text(...args.map(turned))).toBe(text(...args))
      }),
    )
  })

  test('one change anywhere changes the text', () => {
    fc.assert(
      fc.property(anyArguments, anyArgument, anyArgument, (args, one, other) => {
        fc.pre(!isDeepStrictEqual(normal(one), normal(other)))
        for (const wrap of [
          (v: unknown) => v,
          (v: unknown) => [v],
          (v: unknown) => ({ a: v }),
          (v: unknown) => new Map([['k', v]]),
          (v: unknown) => new Set([v]),
        ]) {
          expect(text(...args, wrap(one))).not.toBe(text(...args, wrap(other)))
        }
      }),
    )
  })
})

/** Objects as fast-check makes them may lack a prototype, which strict equality sees. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal)
  if (value instanceof Map) return new Map(Array.from(value, ([key, item]) => [key, normal(item)]))
  if (value instanceof Set) return new Set(Array.from(value, normal))
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, normal(item)]))
}

function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned)
  if (value instanceof Date) return new Date(value)
  if (value instanceof Set) return new Set([...value].toReversed())
  if (value instanceof Map) return new Map(Array.from(value, ([key, item]) => [key, turned(item)] as const).toReversed())
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, item]) => [name, turned(item)])
      .toReversed(),
  )
}
