import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Source } from './source.ts'

/** Loads end when they are told to. */
function gatedSource(isAlive: (place: number) => boolean = () => true) {
  const ends: ((error?: Error) => void)[] = []
  const work = () => {
    return new Promise<unknown[]>((resolve, reject) => ends.push((error) => (error === undefined ? resolve([]) : reject(error))))
  }
  return { source: new Source({ work, quietMs: 10, isAlive }), ends }
}

test('loads that were sent for one value belong to one expiry, later ones to the next', async () => {
  const { source, ends } = gatedSource()
  expect(source.expiriesOver).toBe(-1)
  const cold = [source.load(0), source.load(1)]
  ends[0]?.()
  await cold[0]
  void source.load(2)
  ends[1]?.()
  ends[2]?.()
  await source.idle()
  await expect.poll(() => source.expiriesOver).toBe(0)
  const next = source.load(1)
  expect(source.expiriesOver).toBe(0)
  ends[3]?.()
  expect((await next).number).toBe(4)
  await expect.poll(() => source.expiriesOver).toBe(1)
  expect(source.loads.map(({ expiry, by, end }) => [expiry, by, end])).toEqual([
    [0, 0, 'done'],
    [0, 1, 'done'],
    [0, 2, 'done'],
    [1, 1, 'done'],
  ])
})

test('loads that replace the same value belong to one expiry, however soon they come', async () => {
  const { source, ends } = gatedSource()
  const load = async (replaces?: number) => {
    const loading = source.load(0, replaces)
    ends.at(-1)?.()
    return (await loading).number
  }
  const first = await load()
  const second = await load(first)
  await load(first)
  await load(second)
  expect(source.loads.map(({ expiry }) => expiry)).toEqual([0, 1, 1, 2])
})

test('an expiry is not over before a process that lives has its value', async () => {
  let isAlive = true
  const { source, ends } = gatedSource((place) => place !== 0 || isAlive)
  const lost = source.load(0)
  isAlive = false
  ends[0]?.()
  await lost
  await wait(15)
  expect(source.expiriesOver).toBe(-1)
  const failed = source.load(1)
  ends[1]?.(new Error('down'))
  await expect(failed).rejects.toThrow('down')
  const taken = source.load(2)
  ends[2]?.()
  await taken
  expect(source.loads.map(({ expiry, end }) => [expiry, end])).toEqual([
    [0, 'killed'],
    [0, 'failed'],
    [0, 'done'],
  ])
  await expect.poll(() => source.expiriesOver).toBe(0)
})
