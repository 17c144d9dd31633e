import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runScenario } from '../measure/run-scenario.ts'
import type { Lab } from '../scenarios/lab.ts'
import type { Frame, RunEvent } from '../scenarios/live.ts'
import { checkSettings } from '../scenarios/parameters.ts'
import type { LaneResult, RunResult } from '../scenarios/run-result.ts'
import { stampede } from '../scenarios/stampede/scenario.ts'
import { whatACacheSaves } from '../scenarios/what-a-cache-saves/scenario.ts'
import { type RunningLab, startLab } from '../server/running-lab.ts'
import { countsOf } from './counts.ts'

let running: RunningLab
let lab: Lab

beforeAll(async () => {
  running = startLab({ scale: 0.01 })
  lab = await running.ready
})

afterAll(async () => {
  await running?.close()
})

async function measure(
  given: Record<string, unknown>,
  options: { signal?: AbortSignal; onEvent?: (event: RunEvent) => void } = {},
): Promise<RunResult> {
  const { signal = new AbortController().signal, onEvent = () => undefined } = options
  const settings = checkSettings(whatACacheSaves.parameters, { requests: 400, keys: 40, ...given })
  return runScenario({ scenario: whatACacheSaves, settings, lab, environment: running.facts, signal, onEvent })
}

const laneOf = (result: RunResult, id: string) => result.lanes.find((lane) => lane.id === id) as LaneResult
const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((total, count) => total + count, 0)

describe('what a cache saves', () => {
  test('every lane gets the same requests, and each key is loaded once', async () => {
    const result = await measure({ query: 'manifest', seed: 5, instances: 1 })
    expect(result.status).toBe('done')
    expect(result.lanes.map(({ id, requests }) => [id, requests])).toEqual([
      ['none', 400],
      ['l2', 400],
      ['l1-l2', 400],
    ])
    for (const lane of result.lanes) {
      expect(sum(lane.outcomes)).toBe(400)
      expect(lane.latency.count).toBe(400)
      expect(
        Object.values(lane.histogram)
          .flatMap((pairs) => pairs.map(([, count]) => count))
          .reduce((a, b) => a + b, 0),
      ).toBe(400)
    }
    expect(laneOf(result, 'none').metrics['queries']).toBe(400)
    expect(laneOf(result, 'l2').outcomes.l1).toBe(0)
    expect(laneOf(result, 'l1-l2').outcomes.l1).toBeGreaterThan(200)
    expect(result.checks.map(({ name, ok }) => [name, ok])).toEqual([
      ["Cached answers equal the database's", true],
      ["The caches' own counters agree with ours", true],
      ['Requests that failed', true],
      ['Each key was loaded once', true],
    ])
    expect(result.exhibits.map(({ kind }) => kind)).toEqual(['sql', 'plan', 'commands'])
    expect(result.exhibits[1]?.text).toContain('Index')
    expect(result.exhibits[2]?.text).toMatch(
      /^MGET tc1:.*\nSET tc1:.* ‹lease› NX GET PX \d+\nEVAL ‹script› 2 tc1:n:.*\nSET tc1:.* ‹entry.*› IFEQ ‹lease› PX \d+\nMGET tc1:/,
    )
  })

  test('the same seed gives the same counts, another seed others', async () => {
    const counts = async (seed: number) => countsOf(await measure({ query: 'flight', seed, instances: 1 }))
    const first = await counts(11)
    expect(await counts(11)).toEqual(first)
    expect(await counts(12)).not.toEqual(first)
  })

  test('a second instance finds in Valkey what the first one loaded', async () => {
    const result = await measure({ query: 'flight', instances: 2 })
    expect(laneOf(result, 'l1-l2').outcomes.l2).toBeGreaterThan(0)
    expect(laneOf(result, 'l1-l2').outcomes.l1).toBeGreaterThan(200)
  })

  test('without L1 there are two lanes', async () => {
    const result = await measure({ query: 'flight', requests: 100, l1: false })
    expect(result.lanes.map(({ id }) => id)).toEqual(['none', 'l2'])
  })

  test('callers at a time share loads, and none of their requests is lost', async () => {
    const result = await measure({ query: 'itinerary', concurrency: 16, instances: 1, keys: 3 })
    for (const lane of result.lanes) expect(sum(lane.outcomes)).toBe(400)
    expect(laneOf(result, 'l2').metrics['queries']).toBe(3)
    expect(laneOf(result, 'l2').outcomes.joined).toBeGreaterThan(0)
    expect(result.notes.join()).toContain('waiting in line')
  })

  test('fewer questions than asked for are said, and all of them used', async () => {
    const result = await measure({ query: 'busiest', keys: 20_000, requests: 100, budget: 3 })
    expect(result.notes.join()).toMatch(/knows only \d+ different questions/)
  })

  test('a lane that has used up its time says so', async () => {
    const result = await measure({ query: 'itinerary', requests: 100_000, keys: 20_000, skew: 0, budget: 1 })
    expect(result.notes.some((note) => /^No cache: stopped after .* as its 1 s were used up\.$/.test(note))).toBe(true)
    expect(laneOf(result, 'none').requests).toBeLessThan(100_000)
  })

  test('a run that is stopped keeps what it has', async () => {
    const controller = new AbortController()
    const onEvent = (event: RunEvent) => {
      if (event.type === 'frame' && event.frame.progress > 0) controller.abort()
    }
    const result = await measure({ query: 'itinerary', requests: 100_000, budget: 60 }, { signal: controller.signal, onEvent })
    expect(result.status).toBe('stopped')
    expect(result.notes.join()).toContain('stopped by hand')
  })

  test('frames tell what the result says in the end', async () => {
    const frames: Frame[] = []
    const result = await measure({ query: 'flight' }, { onEvent: (event) => void (event.type === 'frame' && frames.push(event.frame)) })
    expect(frames.at(-1)?.lanes.map(({ requests }) => requests)).toEqual([400, 400, 400])
    expect(frames.flatMap(({ lanes }) => lanes.flatMap(({ marks }) => marks)).length).toBeGreaterThan(0)
    expect(frames.at(-1)?.lanes[1]?.latency).toEqual(result.lanes[1]?.latency)
  })

  test('nothing of a run is left in Valkey', async () => {
    await measure({ query: 'flight', requests: 100 })
    const { createClient } = await import('@redis/client')
    const client = await createClient({ url: lab.valkey.url }).connect()
    const keys = await client.keys('tc1:*')
    client.destroy()
    expect(keys.filter((key) => !key.includes('lab-look'))).toEqual([])
  })
})

test('a stampede can be sent to the database, too', async () => {
  const given = { source: 'query', processes: 2, ttl: 300, expiries: 1 }
  const settings = checkSettings(stampede.parameters, given)
  const signal = new AbortController().signal
  const result = await runScenario({ scenario: stampede, settings, lab, environment: running.facts, signal, onEvent: () => undefined })
  expect(result.exhibits[0]).toMatchObject({ id: 'sql', text: expect.stringContaining('FROM flight') })
  expect(laneOf(result, 'lease').metrics['mostLoads']).toBe(1)
  expect(result.checks.every(({ ok }) => ok)).toBe(true)
})
