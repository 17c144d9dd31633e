import { describe, expect, test } from 'vitest'
import { pullThePlug } from '../scenarios/pull-the-plug/scenario.ts'
import type { LaneResult, RunResult } from '../scenarios/run-result.ts'
import { type MeasureOptions, useValkeyLab } from './valkey-lab.ts'

const { measure: measureIn, keysWith } = useValkeyLab()

const small = { seconds: 5, faultSeconds: 2, rate: 100, load: 10, keys: 30, connections: 1 }

const measure = (given: Record<string, unknown>, options?: MeasureOptions): Promise<RunResult> =>
  measureIn(pullThePlug, { ...small, ...given }, options)

const laneOf = (result: RunResult, id: string) => result.lanes.find((lane) => lane.id === id) as LaneResult
const figure = (result: RunResult, id: string, metric: string) => laneOf(result, id).metrics[metric] as number

/** What holds whatever is done to the server. How long things took is the machine's to say as well. */
function expectNobodyNoticed(result: RunResult): void {
  expect(result.status).toBe('done')
  expect(result.checks.filter(({ ok, required }) => !ok && required === '0')).toEqual([])
  expect(laneOf(result, 'tiercel').requests).toBeGreaterThan(400)
  expect(laneOf(result, 'tiercel').outcomes.l1).toBeGreaterThan(100)
  expect(figure(result, 'tiercel', 'oldestMs')).toBeLessThan(2000)
}

describe('pull the plug', () => {
  test('killed: by hand it hurts, and the changes are lost', async () => {
    const result = await measure({ fault: 'kill' })
    expectNobodyNoticed(result)
    expect(result.timelines[0]?.spans[0]?.label).toBe('Valkey is gone')
    expect(figure(result, 'naive', 'slowestMs')).toBeGreaterThan(1000)
    expect(figure(result, 'tiercel', 'slowestMs')).toBeLessThan(figure(result, 'naive', 'slowestMs'))
    expect(figure(result, 'careful', 'lostChanges')).toBeGreaterThan(0)
    expect(figure(result, 'careful', 'mostLoads')).toBeGreaterThan(figure(result, 'tiercel', 'mostLoads'))
    expect(result.series.map(({ id }) => id)).toEqual(['slowest', 'loads'])
    expect(result.tables[0]?.rows.map(([fault]) => fault)).toEqual(['Valkey is gone'])
    expect(result.exhibits.map(({ id }) => id)).toEqual(['naive', 'careful', 'tiercel'])
    expect(result.notes.join()).toContain('server of its own')
  })

  test('hung: the naive lane waits as long as it does', async () => {
    const result = await measure({ fault: 'hang' })
    expectNobodyNoticed(result)
    expect(figure(result, 'naive', 'slowestMs')).toBeGreaterThan(1500)
    expect(figure(result, 'tiercel', 'slowestMs')).toBeLessThan(figure(result, 'naive', 'slowestMs'))
  })

  test('the reader cuts it off, slows it down and fills it, one after the other', async () => {
    const faults = ['cut', 'slow', 'full']
    const { onListener, onEvent } = pulling((at, act) => {
      const fault = faults[at]
      if (fault !== undefined) act(fault)
    })
    const result = await measure({ fault: 'none', seconds: 6, updateEvery: 60 }, { onListener, onEvent })
    expectNobodyNoticed(result)
    expect(result.timelines[0]?.spans.map(({ label }) => label)).toEqual(['Valkey is cut off', 'Valkey is slow', 'Valkey is full'])
    expect(figure(result, 'careful', 'lostChanges')).toBeGreaterThan(5)
    expect(figure(result, 'careful', 'oldestMs')).toBeGreaterThan(figure(result, 'tiercel', 'oldestMs'))
    expect(figure(result, 'naive', 'slowestMs')).toBeGreaterThan(300)
    expect(figure(result, 'naive', 'errors')).toBeGreaterThan(0)
  })

  test('a run that is stopped ends there, and its server with it', async () => {
    const result = await measure({ seconds: 60 }, { signal: AbortSignal.timeout(2000) })
    expect(result.status).toBe('stopped')
    expect(result.durationMs).toBeLessThan(30_000)
  })
})

test('nothing of a run is left in Valkey', async () => {
  expect(await keysWith('lab-plug')).toEqual([])
})

/** Calls `pull` with 0 when a second of the run is over, with 1 after the next one, and so on. */
function pulling(pull: (at: number, act: (action: string) => void) => void): Required<Pick<MeasureOptions, 'onEvent' | 'onListener'>> {
  let act: (action: string) => void = () => undefined
  let next = 0
  return {
    onListener(listener) {
      act = listener
    },
    onEvent(event) {
      if (event.type !== 'frame' || Math.max(...event.frame.lanes.map(({ requests }) => requests)) < (next + 1) * small.rate) return
      pull(next++, act)
    },
  }
}
