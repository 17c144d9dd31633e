import { expect, test } from 'vitest'
import { freezeKinds } from './frozen-kinds.ts'

test('Maps, Sets and Dates refuse to change and are what they were', () => {
  const value = { at: new Date(5), map: new Map([[{ id: 1 }, [1]]]), set: new Set(['a']), list: [null, 1n, undefined] }
  expect(freezeKinds(value)).toBe(true)
  expect(value).toStrictEqual({ at: new Date(5), map: new Map([[{ id: 1 }, [1]]]), set: new Set(['a']), list: [null, 1n, undefined] })
  expect(value.at).toBeInstanceOf(Date)
  const [[key, list]] = [...value.map] as [[{ id: number }, number[]]]
  for (const change of [
    () => value.at.setTime(6),
    () => value.at.setUTCHours(6),
    () => value.map.set({ id: 2 }, []),
    () => value.map.clear(),
    () => value.set.add('b'),
    () => value.set.delete('a'),
    () => Object.assign(key, { id: 2 }),
    () => list.push(2),
  ]) {
    expect(change).toThrow(TypeError)
  }
  expect(() => value.at.setTime(6)).toThrow('Cannot change this Date: it is shared by all readers of the cache. Copy it first.')
  expect(JSON.stringify(value.at)).toBe('"1970-01-01T00:00:00.005Z"')
  expect(structuredClone(value).map.set({ id: 2 }, []).size).toBe(2)
})

test.each([
  ['bytes', new Uint8Array(1)],
  [
    'an instance',
    new (class Money {
      cents = 1
    })(),
  ],
  [
    'a subclass',
    new (class Rows extends Map {
      cents = 1
    })(),
  ],
  ['a function', () => 1],
  ['a RegExp', /x/],
])('%s cannot be frozen, nor what holds it', (_name, held) => {
  expect(freezeKinds(held)).toBe(false)
  expect(freezeKinds({ deep: [new Map([['k', held]])] })).toBe(false)
})

test('a cycle ends', () => {
  const cycle: Record<string, unknown> = {}
  cycle['self'] = new Map([['me', cycle]])
  expect(freezeKinds(cycle)).toBe(true)
})
