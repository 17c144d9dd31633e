import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import type { LaneResult, RunResult } from '../scenarios/run-result.ts'
import { createCrew } from '../scenarios/stampede/crew.ts'
import { stampede } from '../scenarios/stampede/scenario.ts'
import { type MeasureOptions, useValkeyLab } from './valkey-lab.ts'

const { measure: measureIn, keysWith } = useValkeyLab()

const small = { source: 'timed', processes: 2, rate: 40, ttl: 400, load: 120, expiries: 1, lease: 400 }

const measure = (given: Record<string, unknown>, options?: MeasureOptions): Promise<RunResult> =>
  measureIn(stampede, { ...small, ...given }, options)

const laneOf = (result: RunResult, id: string) => result.lanes.find((lane) => lane.id === id) as LaneResult
const loadsOf = (result: RunResult, id: string) => result.timelines[0]?.tracks.find(({ laneId }) => laneId === id)?.loads ?? []

const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('stampede', () => {
  test('the naive lane sends a herd, Tiercel one load; when the one who loads is killed, another takes over', async () => {
    const result = await measure({ kill: true, expiries: 2 })
    expect(result.status).toBe('done')
    expect(result.lanes.map(({ id }) => id)).toEqual(['naive', 'flight', 'lock', 'lease', 'xfetch', 'grace'])
    expect(result.checks.map(({ name, value, ok }) => [name, value, ok])).toEqual(
      result.checks.map(({ name, value }) => [name, value, true]),
    )
    expect(laneOf(result, 'naive').metrics['mostLoads']).toBeGreaterThan(2)
    expect(result.verdict.outcome).toBe('holds')
    for (const id of ['lease', 'xfetch', 'grace']) {
      const loads = loadsOf(result, id)
      expect(loads.filter(({ end }) => end === 'killed')).toHaveLength(1)
      const killed = loads.findIndex(({ end }) => end === 'killed')
      expect(loads[killed + 1]?.by).not.toBe(loads[killed]?.by)
      expect(loads[killed + 1]?.startMs).toBeGreaterThan(loads[killed]?.endMs as number)
    }
    // At least for the load of the one who took over.
    expect(laneOf(result, 'lease').metrics['waitLongestMs']).toBeGreaterThan(small.load)
    expect(laneOf(result, 'grace').outcomes.stale).toBeGreaterThan(0)
    for (const lane of result.lanes) {
      expect(lane.outcomes.error).toBe(0)
      expect(lane.latency.count).toBe(lane.requests)
    }
    expect(result.notes.join()).toContain('was killed')
    expect(result.exhibits.map(({ id }) => id)).toEqual(['naive', 'flight', 'lock', 'tiercel'])
    expect(result.exhibits[2]?.text).toContain("condition: 'NX'")
    expect(await keysWith('lab-herd')).toEqual([])
  })

  test('a run that is stopped keeps what it has, and leaves no key', async () => {
    const controller = new AbortController()
    const result = await measure(
      { expiries: 20 },
      {
        signal: controller.signal,
        onEvent: (event) => {
          if (event.type === 'frame' && event.frame.activity.startsWith('Naive')) controller.abort()
        },
      },
    )
    expect(result.status).toBe('stopped')
    expect(result.notes.join()).toContain('Naive: stopped by hand.')
    expect(await keysWith('lab-herd')).toEqual([])
  })
})

test('a crew brings in who is missing, and is gone when it is closed', async () => {
  const crew = createCrew(2)
  await crew.fill()
  const [first, second] = crew.pids as [number, number]
  crew.kill(0)
  expect(crew.alive).toEqual([1])
  await crew.fill()
  expect(crew.alive).toEqual([0, 1])
  expect(crew.pids).not.toContain(first)
  expect(crew.pids).toContain(second)
  const all = [first, ...crew.pids]
  await crew.close()
  expect(all.filter(isRunning)).toEqual([])
})

test('one that ends by itself is heard of', async () => {
  const crew = createCrew(1)
  await crew.fill()
  const gone = new Promise<number>((resolve) => crew.listen((place, report) => report === undefined && resolve(place)))
  process.kill(crew.pids[0] as number, 'SIGKILL')
  expect(await gone).toBe(0)
  expect(crew.alive).toEqual([])
  await crew.close()
})

const program = `
  const { createCrew } = await import(${JSON.stringify(new URL('../scenarios/stampede/crew.ts', import.meta.url).href)})
  const crew = createCrew(2)
  await crew.fill()
  console.log(JSON.stringify(crew.pids))`

test('a crew does not outlive a lab that is killed', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [output] = (await once(child.stdout, 'data')) as [Buffer]
  const pids = JSON.parse(String(output)) as number[]
  expect(pids.filter(isRunning)).toHaveLength(2)
  child.kill('SIGKILL')
  await expect.poll(() => pids.filter(isRunning), { timeout: 10_000 }).toEqual([])
})
