import { describe, expect, test } from 'vitest'
import type { LaneResult, RunResult } from '../scenarios/run-result.ts'
import { tagsVersionsPatterns } from '../scenarios/tags-versions-patterns/scenario.ts'
import { type MeasureOptions, useValkeyLab } from './valkey-lab.ts'

const { measure: measureIn, keysWith } = useValkeyLab()

const measure = (given: Record<string, unknown>, options?: MeasureOptions): Promise<RunResult> =>
  measureIn(tagsVersionsPatterns, { keys: 3000, others: 10_000, ...given }, options)

const laneOf = (result: RunResult, id: string) => result.lanes.find((lane) => lane.id === id) as LaneResult
const figure = (result: RunResult, id: string, metric: string) => laneOf(result, id).metrics[metric] as number

describe('tags, versions, patterns', () => {
  test('sets and patterns grow with the keys, versions and tokens do not; only tokens and patterns survive a loss', async () => {
    const result = await measure({})
    expect(result.status).toBe('done')
    expect(result.checks.filter(({ ok }) => !ok)).toEqual([])
    expect(result.verdict.outcome).toBe('holds')
    expect(result.lanes.map(({ id }) => [id, figure(result, id, 'commands')])).toEqual([
      ['members', 5],
      ['pattern', expect.any(Number)],
      ['version', 1],
      ['token', 1],
    ])
    expect(figure(result, 'pattern', 'commands')).toBeGreaterThan(13)
    expect(result.lanes.map(({ id }) => figure(result, id, 'oldAfterLoss'))).toEqual([200, 0, 400, 0])
    expect(result.lanes.map(({ id }) => figure(result, id, 'keysLeft'))).toEqual([0, 0, 3000, 3000])
    expect(figure(result, 'members', 'serverMs')).toBeGreaterThan(figure(result, 'token', 'serverMs'))
    expect(figure(result, 'members', 'bookkeepingBytes')).toBeGreaterThan(figure(result, 'version', 'bookkeepingBytes'))
    expect(figure(result, 'version', 'commandsPerRead')).toBe(2)
    expect(figure(result, 'pattern', 'commandsPerRead')).toBe(1)
    for (const lane of result.lanes) expect(lane.requests).toBeGreaterThan(50)
    expect(result.series[0]?.x.values).toEqual([300, 1500, 3000])
    expect(result.tables.map(({ id }) => id)).toEqual(['points', 'losses'])
    expect(result.exhibits.map(({ id }) => id)).toEqual(['members', 'pattern', 'version', 'token'])
    expect(await keysWith('lab-tags')).toEqual([])
  })

  test('a run that is stopped keeps what it has, and leaves no key', async () => {
    const result = await measure({ keys: 100_000 }, { signal: AbortSignal.timeout(5000) })
    expect(result.status).toBe('stopped')
    expect(result.verdict.outcome).toBe('unclear')
    expect(await keysWith('lab-tags')).toEqual([])
  })
})
