import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkPath, joinKey, type KeyPart, maxPathLength, splitPath } from './key.ts'

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(':', '%', '_', '{', '}', '\n', '\0', '2', '5', '3', 'A', 'a', 'é', '😀', '') }),
)
const anyPart: fc.Arbitrary<KeyPart> = fc.oneof(
  anyText,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt(),
  fc.boolean(),
)

test('a path is taken apart into the texts that it was made of', () => {
  const wellFormed = fc.array(anyPart, { minLength: 1, maxLength: 4 }).filter((parts) => parts.every((part) => String(part).isWellFormed()))
  fc.assert(
    fc.property(wellFormed, (parts) => {
      expect(splitPath(joinKey(parts))).toEqual(parts.map(String))
    }),
  )
})

describe('array keys', () => {
  test('are injective: two keys share a path exactly when their parts have the same texts', () => {
    const anyKey = fc.array(anyPart, { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(anyKey, anyKey, (a, b) => {
        const isSame = a.length === b.length && a.every((part, i) => String(part) === String(b[i]))
        expect(joinKey(a) === joinKey(b)).toBe(isSame)
      }),
      { numRuns: 5_000 },
    )
  })

  test('are injective also where only the boundaries move', () => {
    const splits = fc.tuple(anyText, fc.array(fc.nat(20), { maxLength: 3 }), fc.array(fc.nat(20), { maxLength: 3 }))
    fc.assert(
      fc.property(splits, ([text, cutsA, cutsB]) => {
        const [a, b] = [cut(text, cutsA), cut(text, cutsB)].map((parts) => parts.filter((part) => part.isWellFormed()))
        if (a === undefined || b === undefined || a.length === 0 || b.length === 0) return
        expect(joinKey(a) === joinKey(b)).toBe(JSON.stringify(a) === JSON.stringify(b))
      }),
      { numRuns: 5_000 },
    )
  })

  test('hold no colon, brace, or control character of their parts', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        const path = joinKey([a, b])
        expect(path.split(':')).toHaveLength(2)
        for (const char of path) expect(char >= ' ' && !'{}\x7f'.includes(char)).toBe(true)
      }),
    )
  })

  test.each([
    [['product', 7], 'product:7'],
    [['product', '7'], 'product:7'],
    [['product', 7n], 'product:7'],
    [['flag', true], 'flag:true'],
    [['t', -0], 't:0'],
    [['a', ''], 'a:%_'],
    [['a:b'], 'a%3Ab'],
    [['100%'], '100%25'],
    [['{slot}'], '%7Bslot%7D'],
    [['line\nnul\0'], 'line%0Anul%00'],
    [['Zürich 😀'], 'Zürich 😀'],
  ] as [readonly KeyPart[], string][])('case %#', (key, path) => {
    expect(joinKey(key)).toBe(path)
  })

  test.each([
    [[]],
    [[Number.NaN]],
    [[Number.POSITIVE_INFINITY]],
    [[undefined]],
    [[null]],
    [[{}]],
    [[Symbol('s')]],
    [['\ud800']],
    [['a', 'x\udc00']],
    [[['a']]],
  ])('case %# is refused', (key) => {
    expect(() => joinKey(key as never)).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_KEY' }))
  })

  test('that are not arrays at all are refused', () => {
    for (const key of [undefined, null, 7, {}, () => 1]) {
      expect(() => joinKey(key as never)).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_KEY' }))
    }
  })

  test('are refused beyond the longest path', () => {
    expect(() => joinKey(['x'.repeat(maxPathLength + 1)])).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_KEY' }))
    // Not encoded first, which would take its time with what somebody else has sent.
    expect(() => joinKey(['{'.repeat(maxPathLength + 1)])).toThrow(`a part has ${maxPathLength + 1} characters`)
  })
})

describe('paths', () => {
  test.each(['product', 'product:7:details', 'Zürich', 'with space', 'a.b-c_d*?[]'])('%s is allowed', (path) => {
    expect(() => checkPath(path)).not.toThrow()
  })

  test.each(['', ':', 'a:', ':a', 'a::b', 'a%b', 'a{b', 'a}b', 'a\nb', 'a\0b', 'a\x7f', '\ud800', 'x'.repeat(maxPathLength + 1)])(
    '%j is refused',
    (path) => {
      expect(() => checkPath(path)).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_KEY' }))
    },
  )

  test('equal the array of their parts, and no other array', () => {
    const plain = fc.string({ unit: fc.constantFrom('a', 'b', '1', '.', '-', 'é'), minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.array(plain, { minLength: 1, maxLength: 4 }), fc.array(anyPart, { minLength: 1, maxLength: 4 }), (parts, other) => {
        const path = parts.join(':')
        checkPath(path)
        expect(joinKey(parts)).toBe(path)
        expect(joinKey(other) === path).toBe(other.map(String).join('\0') === parts.join('\0') && other.length === parts.length)
      }),
    )
  })
})

test('an error shows the key shortened and says what to do', () => {
  const key = `user:{${'x'.repeat(500)}`
  try {
    checkPath(key)
    expect.unreachable()
  } catch (error) {
    expect((error as Error).message.length).toBeLessThan(250)
    expect((error as Error).message).toContain('Use an array')
  }
})

function cut(text: string, at: readonly number[]): string[] {
  const places = [...new Set(at.filter((place) => place > 0 && place < text.length))].sort((a, b) => a - b)
  return [0, ...places].map((start, i) => text.slice(start, places[i]))
}
