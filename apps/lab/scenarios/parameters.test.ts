import { describe, expect, test } from 'vitest'
import { checkSettings, defaultSettings, ParameterError, type ParameterSchema, parseSettings, toQuery } from './parameters.ts'

const schema = {
  query: {
    kind: 'choice',
    label: 'Query',
    options: [
      { value: 'lookup', label: 'A' },
      { value: 'manifest', label: 'B' },
    ],
    default: 'manifest',
  },
  skew: { kind: 'range', label: 'Skew', min: 0, max: 1.5, step: 0.1, default: 1 },
  requests: { kind: 'number', label: 'Requests', min: 100, max: 50_000, default: 5000 },
  l1: { kind: 'toggle', label: 'L1', default: true },
} as const satisfies ParameterSchema

const texts = (query: string) => Object.fromEntries(new URLSearchParams(query))

test('an empty address means the defaults', () => {
  expect(parseSettings(schema, {})).toEqual({ parameters: { query: 'manifest', skew: 1, requests: 5000, l1: true }, seed: 42 })
  expect(parseSettings(schema, {})).toEqual(defaultSettings(schema))
})

test('what is written is read back', () => {
  const settings = { parameters: { query: 'lookup', skew: 0.7, requests: 123, l1: false }, seed: 7 }
  expect(toQuery(schema, settings)).toBe('query=lookup&skew=0.7&requests=123&l1=off&seed=7')
  expect(parseSettings(schema, texts(toQuery(schema, settings)))).toEqual(settings)
})

test('every step of a range is allowed, whatever binary fractions make of it', () => {
  for (let step = 0; step <= 15; step++) expect(() => parseSettings(schema, { skew: (step / 10).toFixed(1) })).not.toThrow()
})

describe('what is refused, with what is allowed', () => {
  test.each([
    ['query=everything', 'query: got "everything", allowed is one of lookup, manifest'],
    ['skew=2', 'skew: got 2, allowed is a number from 0 to 1.5 in steps of 0.1'],
    ['skew=0.55', 'skew: got 0.55, allowed is a number from 0 to 1.5 in steps of 0.1'],
    ['skew=NaN', 'skew: got "NaN", allowed is a number from 0 to 1.5 in steps of 0.1'],
    ['requests=1e3', 'requests: got "1e3", allowed is a whole number from 100 to 50000'],
    ['requests=99', 'requests: got 99, allowed is a whole number from 100 to 50000'],
    ['requests=100.5', 'requests: got 100.5, allowed is a whole number from 100 to 50000'],
    ['requests=', 'requests: got "", allowed is a whole number from 100 to 50000'],
    ['l1=true', 'l1: got "true", allowed is on or off'],
    ['seed=-1', 'seed: got -1, allowed is a whole number from 0 to 2147483647'],
    ['colour=red', 'colour: there is no such parameter; there are query, skew, requests, l1, seed'],
    ['toString=x', 'toString: there is no such parameter; there are query, skew, requests, l1, seed'],
    ['__proto__=x', '__proto__: there is no such parameter; there are query, skew, requests, l1, seed'],
  ])('%s', (query, problem) => {
    expect(() => parseSettings(schema, texts(query))).toThrow(new ParameterError([problem]))
  })

  test('all problems at once', () => {
    expect(() => checkSettings(schema, { requests: '5', l1: 1 })).toThrow(/requests: got "5".*\nl1: got 1/)
  })
})
