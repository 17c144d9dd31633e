import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { closedLoop } from './closed-loop.ts'
import { openLoop } from './open-loop.ts'
import { takeTurns } from './take-turns.ts'

test('a closed loop runs each operation once, and never more at a time than asked', async () => {
  const seen: number[] = []
  let underWay = 0
  let most = 0
  const result = await closedLoop({
    operations: 25,
    concurrency: 4,
    firstIndex: 100,
    run: async (index) => {
      most = Math.max(most, ++underWay)
      seen.push(index)
      await nextTurn()
      underWay--
    },
  })
  expect(result).toMatchObject({ completed: 25, endedBy: 'operations' })
  expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => 100 + index))
  expect(most).toBe(4)
})

test('a closed loop ends by its budget, after every caller had one turn', async () => {
  const result = await closedLoop({ operations: 1000, concurrency: 3, budgetMs: 0, run: () => wait(5) })
  expect(result).toMatchObject({ completed: 3, endedBy: 'budget' })
})

test('a closed loop ends by its signal and waits for what is under way', async () => {
  const controller = new AbortController()
  let ended = 0
  const result = await closedLoop({
    operations: 1000,
    concurrency: 2,
    signal: controller.signal,
    run: async (index) => {
      if (index === 5) controller.abort()
      await nextTurn()
      ended++
    },
  })
  expect(result.endedBy).toBe('signal')
  expect(ended).toBe(result.completed)
})

test('the first failure ends a closed loop', async () => {
  let started = 0
  const run = async (index: number) => {
    started++
    await nextTurn()
    if (index === 3) throw new Error('broken')
  }
  await expect(closedLoop({ operations: 1000, concurrency: 2, run })).rejects.toThrow('broken')
  expect(started).toBeLessThan(10)
})

test('an open loop measures from the moment an arrival was due', async () => {
  const due: number[] = []
  const startMs = performance.now()
  const result = await openLoop({
    ratePerSecond: 200,
    durationMs: 100,
    run: async (_index, intendedAtMs) => void due.push(intendedAtMs - startMs),
  })
  expect(result).toMatchObject({ started: 20, refused: 0, failed: 0 })
  due.forEach((atMs, index) => {
    expect(atMs).toBeGreaterThanOrEqual(index * 5)
    expect(atMs).toBeLessThan(index * 5 + 50)
  })
})

test('an open loop refuses what is too much and counts what fails', async () => {
  const refusing = await openLoop({ ratePerSecond: 1000, durationMs: 50, maxInFlight: 1, run: () => wait(200) })
  expect(refusing).toMatchObject({ started: 1, refused: 49 })
  const failing = await openLoop({ ratePerSecond: 1000, durationMs: 5, run: () => Promise.reject(new Error('no')) })
  expect(failing.failed).toBe(5)
})

test('lanes take turns: never two at once, the same operations in the same order', async () => {
  const seen: Record<string, number[]> = { slow: [], fast: [] }
  const order: string[] = []
  let active = ''
  const lane = (id: string, delay: () => Promise<unknown>) => ({
    id,
    run: async (index: number) => {
      expect([id, '']).toContain(active)
      active = id
      if (order.at(-1) !== id) order.push(id)
      seen[id]?.push(index)
      await delay()
      active = ''
    },
  })
  const results = await takeTurns({
    lanes: [lane('slow', () => wait(1)), lane('fast', () => Promise.resolve())],
    operations: 60,
    concurrency: 1,
    turnOperations: 10,
  })
  expect(seen['slow']).toEqual(seen['fast'])
  expect(results.map(({ id, completed, endedBy }) => [id, completed, endedBy])).toEqual([
    ['slow', 60, 'operations'],
    ['fast', 60, 'operations'],
  ])
  expect(order.length).toBe(12)
})

test('a lane that ends by its budget is spread over the run as the others are', async () => {
  const order: string[] = []
  const results = await takeTurns({
    lanes: [
      { id: 'slow', run: () => wait(4) },
      { id: 'fast', run: () => Promise.resolve() },
    ],
    operations: 1000,
    concurrency: 1,
    budgetMs: 100,
    turnOperations: 20,
    turnMs: 10,
    onTurn: (id) => void order.push(id),
  })
  expect(results[0]).toMatchObject({ endedBy: 'budget' })
  expect(results[1]).toMatchObject({ completed: 1000, endedBy: 'operations' })
  expect(order.lastIndexOf('fast')).toBeGreaterThan(order.length / 2)
})

test('turns end by the signal', async () => {
  const controller = new AbortController()
  const run = async (index: number) => {
    if (index === 30) controller.abort()
  }
  const [result] = await takeTurns({ lanes: [{ id: 'only', run }], operations: 1000, concurrency: 1, signal: controller.signal })
  expect(result?.endedBy).toBe('signal')
  expect(result?.completed).toBeLessThan(100)
})
