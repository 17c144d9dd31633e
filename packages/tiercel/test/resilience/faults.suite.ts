import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Disturbance } from '../coherence/disturbances.ts'
import { type Ends, endsAt } from '../integration/ends.ts'
import { testSize } from '../test-size.ts'
import { faults } from './fault-matrix.ts'
import type { LoadPlan } from './load-messages.ts'
import { describeFigures, LoadProcess } from './load-process.ts'
import type { Topology } from './topologies.ts'

const isSmall = testSize({ small: 1, ci: 0, release: 0 }) === 1
const cellMs = testSize({ small: 500, ci: 15_000, release: 60_000 })
const ratePerSecond = testSize({ small: 200, ci: 1_500, release: 1_500 })
const maxStaleness = 500
const plan: LoadPlan = { seed: 'faults', ratePerSecond, keys: 500, loadMs: 5, changes: 0.1, deadlineMs: 2_000, ttlMs: 5_000 }
/** What a machine that does other work beside this adds to a deadline. */
const slackMs = isSmall ? 3_000 : 100

/** So that the server is used again, and disturbed, in each cell. */
const maxOpenMs = 1_000

/** A file for each topology, so that they can run beside each other. */
export function everyFaultOn(name: string, open: (ends: Ends) => Promise<Topology>): void {
  describe(`every fault on ${name}`, () => defineCells(name, open))
}

function defineCells(name: string, open: (ends: Ends) => Promise<Topology>): void {
  const ends = endsAt(afterAll)
  let topology: Topology
  let load: LoadProcess

  beforeAll(async () => {
    topology = await open(ends)
    const caches = topology.places.map((place, at) => ({ place, l1: at % 2 === 0, stepMs: 100, maxOpenMs }))
    load = await LoadProcess.start({ caches, maxStaleness }, ends)
    await load.offer(plan)
    await sleep(isSmall ? 1_000 : 4_000)
    await load.tell()
  }, 120_000)

  test.each(Object.entries(faults))(
    '%s: no wrong value, none too old, no call beyond its deadline',
    async (fault, disturb) => {
      if (!isSmall) await isWell()
      await load.tell()
      await disturbAll(topology, disturb)
      const figures = await load.tell()
      console.info(`${name}, ${fault}: ${describeFigures(figures)}; longest call ${figures.longestCallMs.toFixed(0)} ms`)
      const { wrong, stale, errors } = figures
      expect({ wrong, stale }).toEqual({ wrong: [], stale: [] })
      expect(Object.keys(errors).filter((error) => !/^read: TIERCEL_LOAD_DEADLINE$/.test(error))).toEqual([])
      expect(figures.longestCallMs).toBeLessThanOrEqual(plan.deadlineMs + figures.lagMs + slackMs)
      expect(figures.calls).toBeGreaterThan((ratePerSecond * cellMs) / 4_000)
    },
    cellMs + 120_000,
  )

  test('and afterwards all is well again', { timeout: 120_000 }, async () => {
    await isWell()
    const { wrong, stale } = await load.stop()
    expect({ wrong, stale }).toEqual({ wrong: [], stale: [] })
  })

  function isWell(): Promise<void> {
    return expect.poll(() => load.look().then(({ problems }) => problems), { timeout: 90_000, interval: 100 }).toEqual([])
  }
}

async function disturbAll({ proxies }: Topology, disturb: Disturbance): Promise<void> {
  const isOver = AbortSignal.timeout(cellMs)
  await Promise.all(proxies.map((proxy) => disturb(proxy, isOver)))
  for (const proxy of proxies) proxy.heal()
}
