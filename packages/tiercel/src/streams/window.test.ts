import { describe, expect, test } from 'vitest'
import { Window } from './window.ts'

const record = (key: string, sequence: number) => ({ key, sequence, body: Buffer.from('12') })

function windowOf(isCoalescing: boolean, ...records: readonly (readonly [string, number])[]): Window {
  const window = new Window(isCoalescing)
  for (const [key, sequence] of records) window.add(record(key, sequence))
  return window
}

const shown = (window: Window, most = 10, nowMs = 0): string[] =>
  window
    .pick(most, nowMs)
    .map(({ record: { key, sequence }, superseded }) => `${key}${sequence} ${superseded.map((each) => each.sequence).join()}`.trim())

describe('a window of records', () => {
  test('gives one of each key, the oldest, and the next when it is done', () => {
    const window = windowOf(false, ['a', 1], ['b', 2], ['a', 3])
    expect(shown(window)).toEqual(['a1', 'b2'])
    expect(shown(window)).toEqual([])
    window.done(record('a', 1))
    expect(shown(window)).toEqual(['a3'])
    expect([window.moving, window.bytes]).toEqual([2, 4])
  })

  test('gives the newest of each key, which stands for the older ones; what comes meanwhile waits', () => {
    const window = windowOf(true, ['a', 1], ['b', 2], ['a', 3])
    expect(shown(window)).toEqual(['a3 1', 'b2'])
    window.add(record('a', 4))
    expect(shown(window)).toEqual([])
    window.done(record('a', 3))
    expect([window.moving, shown(window)]).toEqual([2, ['a4']])
  })

  test('gives no more than asked for; a key that was served goes to the end', () => {
    const window = windowOf(false, ['a', 1], ['a', 2], ['b', 3])
    expect(shown(window, 1)).toEqual(['a1'])
    window.done(record('a', 1))
    expect(shown(window, 1)).toEqual(['b3'])
  })

  test('one that failed comes again alone when it is due, before all others of its key', () => {
    const window = windowOf(true, ['a', 1], ['b', 2])
    window.pick(10, 0)
    window.failed(record('a', 1), 50)
    window.done(record('b', 2))
    window.add(record('a', 3))
    expect(window.nextDueMs()).toBe(50)
    expect(window.moving).toBe(0)
    expect(shown(window, 10, 49)).toEqual([])
    expect(shown(window, 10, 50)).toEqual(['a1'])
    window.done(record('a', 1))
    expect(shown(window, 10, 50)).toEqual(['a3'])
  })

  test('when one is given up, those that it stood for have their turn', () => {
    const window = windowOf(true, ['a', 1], ['a', 2], ['a', 3])
    expect(shown(window)).toEqual(['a3 1,2'])
    window.dead(record('a', 3))
    window.add(record('a', 4))
    expect(shown(window)).toEqual(['a4 1,2'])
  })

  test('says how many keys are ready, and how old the oldest is', () => {
    const window = windowOf(false, ['a', 5], ['b', 3], ['b', 4])
    expect(window.ready(0)).toEqual({ keys: 2, oldest: 3 })
    const [, b] = window.pick(10, 0)
    window.failed((b as { record: ReturnType<typeof record> }).record, 10)
    expect(window.ready(0)).toMatchObject({ keys: 0 })
    expect(window.ready(10)).toEqual({ keys: 1, oldest: undefined })
  })
})
