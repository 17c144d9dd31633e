import { describe, expect, test } from 'vitest'
import { timelineText } from '../format/timeline-text.ts'
import type { LaneResult, RunResult, Timeline } from '../scenarios/run-result.ts'
import { ttlAndAges } from '../scenarios/ttl-and-ages/scenario.ts'
import { type MeasureOptions, useValkeyLab } from './valkey-lab.ts'

const { measure: measureIn, keysWith } = useValkeyLab()

const small = { ttl: 500, grace: 4000, load: 100, every: 50, readers: 2, seconds: 3, backoff: 200 }

const measure = (given: Record<string, unknown>, options?: MeasureOptions): Promise<RunResult> =>
  measureIn(ttlAndAges, { ...small, ...given }, options)

const laneOf = (result: RunResult, id: string) => result.lanes.find((lane) => lane.id === id) as LaneResult
const waited = ({ outcomes: { source, joined, waited } }: LaneResult) => source + joined + waited
const trackOf = (result: RunResult, id: string) => result.timelines[0]?.tracks.find(({ laneId }) => laneId === id)

// Each of these runs takes its time, and none of them the processor's: they go side by side.
describe.concurrent('time to live and ages', () => {
  test('without grace a source that fails is an error, with it an older answer', async ({ expect }) => {
    const result = await measure({ trouble: 'fails' })
    const [plain, ages] = [laneOf(result, 'ttl'), laneOf(result, 'ages')]
    expect(plain.outcomes.error).toBeGreaterThan(0)
    expect(plain.outcomes.stale).toBe(0)
    expect(ages.outcomes.error).toBe(0)
    expect(ages.outcomes.stale).toBeGreaterThan(0)
    expect(waited(ages)).toBeLessThan(waited(plain))
    expect(result.verdict.outcome).toBe('holds')
    expect(result.checks.every(({ ok }) => ok)).toBe(true)
    expect(result.timelines[0]?.spans).toEqual([{ label: 'the source fails', startMs: 1000, endMs: 2000 }])
    expect(trackOf(result, 'ages')?.reads).toHaveLength(ages.requests)
    expect(trackOf(result, 'ages')?.loads.some(({ end }) => end === 'failed')).toBe(true)
    expect(result.exhibits[0]?.text.split('\n').map((line) => line.split(' ')[0])).toEqual(expect.arrayContaining(['MGET', 'SET']))
    expect(result.exhibits[0]?.text).toMatch(/:r:\S+ ‹lease› NX[\s\S]*\nMGET \S+$/)
    expect(timelineText(result.timelines[0] as Timeline)).toMatch(/With ages reads +w/)
  })

  test('what is refreshed ahead is never stale', async ({ expect }) => {
    const result = await measure({ trouble: 'none', refreshAhead: '0.5' })
    const ages = laneOf(result, 'ages')
    expect(ages.outcomes.refreshed).toBeGreaterThan(1)
    expect(ages.outcomes.stale).toBe(0)
    expect(result.timelines[0]?.spans).toEqual([])
  })

  test('with a timeout longer than a load, who refreshes waits instead of taking the stale answer', async ({ expect }) => {
    const ages = laneOf(await measure({ trouble: 'none', timeout: 2000, readers: 1 }), 'ages')
    expect(waited(ages)).toBeGreaterThan(3)
    expect(ages.outcomes.stale).toBe(0)
  })

  test('a run that is stopped ends there', async ({ expect }) => {
    const result = await measure({ seconds: 60 }, { signal: AbortSignal.timeout(700) })
    expect(result.status).toBe('stopped')
    expect(result.timelines[0]?.lengthMs).toBeLessThan(20_000)
  })
})

test('nothing of a run is left in Valkey', async () => {
  expect(await keysWith('lab-ages')).toEqual([])
})
