import { type RunningServer, serverNames, startStandalone } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { CacheStats } from '../../src/index.ts'
import { Fleet } from './fleet.ts'
import type { FleetSetup } from './messages.ts'

describe.each(serverNames)('four processes on %s', (name) => {
  let server: RunningServer
  let admin: Redis
  let fleet: Fleet | undefined
  let count = 0

  beforeAll(async () => {
    server = await startStandalone({ server: name })
    admin = new Redis(server.url)
  })
  afterEach(() => fleet?.stop())
  afterAll(async () => {
    admin.disconnect()
    await server.stop()
  })

  async function start(options: FleetSetup['options'] = {}): Promise<{ fleet: Fleet; loads: (key: string) => Promise<number> }> {
    const namespace = `fleet-${count++}`
    fleet = await Fleet.start(4, { url: server.url, namespace, options })
    return { fleet, loads: async (key) => Number(await admin.get(`source:${namespace}:${key}`)) }
  }

  test('a thousand callers in each, one missing key: one load', async () => {
    const { fleet, loads } = await start()
    const replies = await fleet.all({ key: 'hot', callers: 1_000, loadMs: 100 })
    expect(replies.map(({ values, fulfilled }) => ({ values, fulfilled }))).toEqual(
      Array.from({ length: 4 }, () => ({ values: ['value 1'], fulfilled: 1_000 })),
    )
    expect(await loads('hot')).toBe(1)
    // The winner's push woke the others: nobody slept a lease's length.
    expect(Math.max(...replies.map(({ durationMs }) => durationMs))).toBeLessThan(5_000)
  })

  test('the one that loads is killed: one more load, when its lease is over', async () => {
    const { fleet, loads } = await start({ lease: 500 })
    const [first, ...others] = fleet.processes
    const begun = first?.loads()
    const lost = first?.run({ key: 'hot', callers: 1_000, loadMs: 60_000 })
    await begun
    const waiting = others.map((process) => process.run({ key: 'hot', callers: 1_000, loadMs: 100 }))
    await Promise.all([first?.kill(), expect(lost).rejects.toThrow('gone')])
    for (const { values, fulfilled } of await Promise.all(waiting))
      expect({ values, fulfilled }).toEqual({ values: ['value 2'], fulfilled: 1_000 })
    expect(await loads('hot')).toBe(2)
  })

  test('a load that fails is called once in its window, and all are told', async () => {
    const { fleet, loads } = await start({ errorTtl: '5s' })
    const replies = await fleet.all({ key: 'hot', callers: 50, loadMs: 20, fails: true })
    expect(replies.every(({ fulfilled }) => fulfilled === 0)).toBe(true)
    expect(new Set(replies.flatMap(({ errors }) => errors))).toEqual(new Set(['Error: the source is down', 'TIERCEL_LOAD_FAILED']))
    expect(await loads('hot')).toBe(1)
  })

  test('a hot key that is renewed again and again is loaded once each time, and nobody waits for it', async () => {
    const { fleet, loads } = await start({ ttl: 400, grace: '1h', beta: 1 })
    await fleet.processes[0]?.run({ key: 'hot', callers: 1, loadMs: 50 })
    const before = await loads('hot')
    const replies = await fleet.all({ key: 'hot', callers: 1_000, overMs: 4_000, loadMs: 50 })
    expect(replies.every(({ fulfilled }) => fulfilled === 1_000)).toBe(true)
    const total = (await loads('hot')) - before
    const sum = (pick: (stats: CacheStats) => number): number => replies.reduce((all, { stats }) => all + pick(stats), 0)
    // Renewed all the time, and each time by one: what a second one loads for the same version is not stored.
    expect(total).toBeGreaterThan(4)
    expect(sum((stats) => stats.writesDropped)).toBeLessThanOrEqual(total * 0.05)
    expect(sum((stats) => stats.refreshes)).toBe(total)
    expect(sum((stats) => stats.waits)).toBe(0)
  })
})
