import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { joinKey } from './key.ts'
import { fillTemplate, isOverlapping, type KeyParam, parseTemplate, readTemplate } from './key-template.ts'

const parse = (text: string) => parseTemplate(text, 'resource: key')

describe('templates', () => {
  test.each([
    ['product:{id}', ['id']],
    ['product:{id}:details', ['id']],
    ['route:{from}:{to}:prices', ['from', 'to']],
    ['rate_limit:ip:{address}', ['address']],
    ['v2:product:{productId}:price.eur-net', ['productId']],
    ['settings', []],
  ])('%s is allowed', (text, names) => {
    expect(parse(text).names).toEqual(names)
  })

  test.each([
    ['Product:{id}', 'segment 1 ("Product") is not in lower case: write "product"'],
    ['product:{id}:', 'segment 3 is empty: remove the colon at the end'],
    [':product:{id}', 'segment 1 is empty: remove the colon at the beginning'],
    ['product::{id}', 'segment 2 is empty: remove one of two colons'],
    ['{id}:product', 'segment 1 ("{id}") is a parameter, and a key begins with the name of its object: write \'product:{id}\''],
    [
      'product:v2-{id}',
      'segment 2 ("v2-{id}") holds more or less than one parameter: a parameter is a segment of its own, such as \'v2:{id}\'',
    ],
    ['product:{id', 'segment 2 ("{id") holds more or less than one parameter'],
    ['product:{a}{b}', 'segment 2 ("{a}{b}") holds more or less than one parameter'],
    ['product:{}', 'segment 2 ("{}") has no proper name'],
    ['product:{Id}', 'segment 2 ("{Id}") has no proper name'],
    ['product:{id}:{id}', 'segment 3 ("{id}") is there already'],
    ['product details:{id}', 'segment 1 ("product details") is not allowed: write lower-case letters'],
    ['produkt:größe:{id}', 'segment 2 ("größe") is not allowed'],
    ['_product:{id}', 'segment 1 ("_product") is not allowed'],
    ['', 'a template is text such as \'product:{id}:details\', not ""'],
  ])('%s is refused with the place and the fix', (text, message) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'TIERCEL_INVALID_TEMPLATE', message: expect.stringContaining(message) }),
    )
  })

  test.each([undefined, null, 7, {}, ['product', '{id}']])('%j is no template', (given) => {
    expect(() => parse(given as never)).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_TEMPLATE' }))
  })
})

describe('keys of a template', () => {
  test('are the parts of an array key', () => {
    const template = parse('product:{id}:details')
    expect(fillTemplate(template, { id: 7 })).toEqual(['product', 7, 'details'])
    expect(joinKey(fillTemplate(template, { id: '7:admin' }))).toBe('product:7%3Aadmin:details')
  })

  test.each([[{}], [{ id: undefined }], [{ id: null }], [{ id: true }], [{ id: {} }], [undefined], [null], ['7'], [7]])(
    'case %#: parameters are refused that are missing or of another type',
    (params) => {
      expect(() => fillTemplate(parse('product:{id}'), params as never)).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_KEY' }))
    },
  )

  test('a parameter does not come from where nobody put it', () => {
    expect(() => fillTemplate(parse('a:{constructor}'), {})).toThrow(/a function cannot be a parameter/)
  })

  test('are injective over the texts of the parameters, and give them back', () => {
    const anyParam: fc.Arbitrary<KeyParam> = fc.oneof(
      fc.string(),
      fc.constantFrom('', ':', '%', '{id}', '%_', 'a:b'),
      fc.integer(),
      fc.bigInt(),
    )
    const anyParams = fc.record({ from: anyParam, to: anyParam })
    const template = parse('route:{from}:via:{to}')
    fc.assert(
      fc.property(anyParams, anyParams, (a, b) => {
        const [keyA, keyB] = [fillTemplate(template, a), fillTemplate(template, b)]
        expect(joinKey(keyA) === joinKey(keyB)).toBe(`${a.from}` === `${b.from}` && `${a.to}` === `${b.to}`)
        expect(readTemplate(template, keyA)).toEqual(a)
      }),
    )
  })
})

describe('two templates', () => {
  test.each([
    ['product:{id}', 'product:{sku}', true],
    ['x:{a}:y', 'x:z:{b}', true],
    ['x:{a}:y', 'x:z:y', true],
    ['x:{a}:y', 'x:{a}:z', false],
    ['x:{a}', 'y:{a}', false],
    ['x:{a}', 'x:{a}:{b}', false],
  ])('%s and %s: %s', (a, b, expected) => {
    expect(isOverlapping(parse(a), parse(b))).toBe(expected)
    expect(isOverlapping(parse(b), parse(a))).toBe(expected)
  })

  test('that do not overlap never make the same key', () => {
    const segment = fc.constantFrom('a', 'b', '{p}')
    const anyTemplate = fc
      .tuple(fc.constantFrom('a', 'b'), fc.array(segment, { minLength: 1, maxLength: 2 }))
      .map(([first, rest]) => parse([first, ...rest.map((word, at) => (word === '{p}' ? `{p${at}}` : word))].join(':')))
    const anyText = fc.constantFrom('a', 'b', 'a:b', '', '{p}')
    fc.assert(
      fc.property(anyTemplate, anyTemplate, fc.array(anyText, { minLength: 4, maxLength: 4 }), (a, b, texts) => {
        const [keyA, keyB] = [a, b].map((template, which) => {
          const params = Object.fromEntries(template.names.map((name, at) => [name, texts[which * 2 + at] as string]))
          return joinKey(fillTemplate(template, params))
        })
        if (keyA === keyB) expect(isOverlapping(a, b)).toBe(true)
      }),
    )
  })
})
