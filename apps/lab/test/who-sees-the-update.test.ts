import { createClient } from '@redis/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runScenario } from '../measure/run-scenario.ts'
import type { Lab } from '../scenarios/lab.ts'
import type { RunEvent } from '../scenarios/live.ts'
import { checkSettings } from '../scenarios/parameters.ts'
import type { LaneResult, RunResult } from '../scenarios/run-result.ts'
import { whoSeesTheUpdate } from '../scenarios/who-sees-the-update/scenario.ts'
import { type RunningLab, startLab } from '../server/running-lab.ts'

let running: RunningLab
let lab: Lab

beforeAll(async () => {
  running = startLab({ scale: 0.01 })
  lab = await running.ready
})

afterAll(() => running?.close())

const small = { seconds: 6, faultSeconds: 2, updateEvery: 400, maxStaleness: 500, readEvery: 20 }

async function measure(
  given: Record<string, unknown>,
  options: { signal?: AbortSignal; onListener?: (act: (id: string) => void) => void } = {},
) {
  const settings = checkSettings(whoSeesTheUpdate.parameters, { ...small, ...given })
  const events: RunEvent[] = []
  const { signal = new AbortController().signal, onListener } = options
  const result = await runScenario({
    scenario: whoSeesTheUpdate,
    settings,
    lab,
    environment: [],
    signal,
    onEvent: (event) => events.push(event),
    ...(onListener === undefined ? {} : { onListener }),
  })
  return { result, events }
}

const laneOf = (result: RunResult, id: string) => result.lanes.find((lane) => lane.id === id) as LaneResult
const oldest = (result: RunResult, id: string) => laneOf(result, id).metrics['oldestMs'] as number
const unseen = (result: RunResult, id: string) => laneOf(result, id).metrics['unseen']
const allHold = (result: RunResult) => expect(result.checks.filter(({ ok }) => !ok)).toEqual([])

describe('who sees the update', () => {
  test('on a silent link pub/sub never learns, tracking when the link is mended, the lease within its bound', async () => {
    const { result, events } = await measure({ fault: 'half-open' })
    expect(result.status).toBe('done')
    expect(result.lanes.map(({ id }) => id)).toEqual(['pub-sub', 'tracking', 'lease'])
    allHold(result)
    expect(result.verdict.outcome).toBe('holds')
    // How old tracking gets depends on what it held when the link fell silent: that it is no older than pub/sub is what holds on a busy machine.
    for (const id of ['lease', 'tracking']) expect(oldest(result, id)).toBeLessThan(oldest(result, 'pub-sub'))
    expect(unseen(result, 'pub-sub')).toBeGreaterThan(0)
    expect([unseen(result, 'tracking'), unseen(result, 'lease')]).toEqual([0, 0])
    expect(result.guess?.answer).toBe('longer')
    expect(result.tables[0]?.rows.map(([, , end]) => end)).toEqual(['still served', 'the newest row', 'the newest row'])
    const [timeline] = result.timelines
    expect(timeline?.spans).toHaveLength(1)
    expect(timeline?.spans[0]).toMatchObject({ label: 'link silent' })
    expect(timeline?.tracks[0]?.reads.some(({ outcome }) => outcome === 'stale')).toBe(true)
    expect(laneOf(result, 'lease').outcomes.l1).toBeGreaterThan(20)
    expect(events.some((event) => event.type === 'frame' && (event.frame.timelines[0]?.tracks[0]?.reads.length ?? 0) > 0)).toBe(true)
    expect(result.exhibits.map(({ id }) => id)).toEqual(['pub-sub', 'tracking', 'tiercel', 'sql'])
  })

  test.each(['cut', 'mute'])('%s: no old row beyond the bound', async (fault) => {
    const { result } = await measure({ fault })
    allHold(result)
    expect(unseen(result, 'pub-sub')).toBeGreaterThan(0)
    expect(unseen(result, 'lease')).toBe(0)
  })

  test('a link that works brings every change to every lane', async () => {
    const { result } = await measure({ fault: 'none', seconds: 4 })
    allHold(result)
    for (const { id } of result.lanes) expect(unseen(result, id)).toBe(0)
    expect(result.timelines[0]?.spans).toEqual([])
    expect(result.timelines[0]?.moments?.length).toBeGreaterThan(3)
  })

  test('what the reader does to the run happens', async () => {
    const { result } = await measure(
      { fault: 'none', seconds: 5, updateEvery: 10_000 },
      {
        onListener(act) {
          setTimeout(() => act('cut'), 1000)
          setTimeout(() => act('update'), 1200)
          setTimeout(() => act('mend'), 2000)
        },
      },
    )
    allHold(result)
    expect(result.timelines[0]?.spans).toMatchObject([{ label: 'link cut' }])
    expect(result.timelines[0]?.moments).toHaveLength(2)
    expect([unseen(result, 'pub-sub'), unseen(result, 'lease')]).toEqual([1, 0])
  })

  test('a run that is stopped ends there', async () => {
    const { result } = await measure({ seconds: 60 }, { signal: AbortSignal.timeout(4000) })
    expect(result.status).toBe('stopped')
  })
})

test('nothing of a run is left in Valkey or in the database', async () => {
  const client = await createClient({ url: lab.valkey.url }).connect()
  const keys = await client.keys('*lab-update*')
  client.destroy()
  expect(keys).toEqual([])
  expect(
    (await lab.airport.query("SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'gate_board%'", [])).rows,
  ).toEqual([])
})
