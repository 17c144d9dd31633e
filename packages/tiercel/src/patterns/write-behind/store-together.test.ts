import { expect, test } from 'vitest'
import { storeTogether } from './store-together.ts'

const batch = Array.from({ length: 100 }, (_, at) => at)

function sourceThat(refuses: (write: number) => boolean) {
  const calls: number[][] = []
  const stored: number[] = []
  const store = async (writes: readonly number[]) => {
    calls.push([...writes])
    if (writes.some(refuses)) throw new Error('refused')
    stored.push(...writes)
  }
  return { calls, stored, store }
}

test.each([0, 1, 50, 99])('a bad write at %i is found in few calls, and all others are stored once', async (bad) => {
  const { calls, stored, store } = sourceThat((write) => write === bad)
  const results = await storeTogether(batch, store)
  expect(results.map((each) => each?.wasAlone)).toEqual(batch.map((write) => (write === bad ? true : undefined)))
  expect(stored.sort((a, b) => a - b)).toEqual(batch.filter((write) => write !== bad))
  expect(calls.length).toBeLessThanOrEqual(15)
})

test('a source that is away is asked a few times, not once for each write', async () => {
  const { calls, store } = sourceThat(() => true)
  const results = await storeTogether(batch, store)
  expect(results.every((each) => each?.error instanceof Error)).toBe(true)
  expect(results.filter((each) => each?.wasAlone).length).toBeLessThanOrEqual(2)
  expect(calls.length).toBeLessThanOrEqual(10)
})

test('a source that says which ones failed is asked once', async () => {
  let calls = 0
  const results = await storeTogether([1, 2, 3], async () => {
    calls += 1
    return [undefined, new Error('two'), undefined]
  })
  expect(results).toMatchObject([undefined, { error: new Error('two'), wasAlone: true }, undefined])
  expect(calls).toBe(1)
})

test('nothing is asked for nothing', async () => {
  const { calls, store } = sourceThat(() => true)
  expect(await storeTogether([], store)).toEqual([])
  expect(calls).toEqual([])
})
