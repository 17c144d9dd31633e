import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '@tiercel/workloads'
import { afterEach, expect, test } from 'vitest'
import { endsAt, openServer } from '../integration/ends.ts'
import { testSize } from '../test-size.ts'
import type { LoadPlan } from './load-messages.ts'
import { describeFigures, expectNothingWrong, isQuiet, LoadProcess } from './load-process.ts'

const isSmall = testSize({ small: 1, ci: 0, release: 0 }) === 1
const kills = testSize({ small: 2, ci: 10, release: 30 })
const ratePerSecond = testSize({ small: 400, ci: 6_000, release: 6_000 })
const plan: LoadPlan = { seed: 'killed', ratePerSecond, keys: 2_000, loadMs: 5, changes: 0.05, deadlineMs: 10_000, ttlMs: 2_000 }
/** The default; a machine that does other work beside this is late by more than that. */
const stepMs = isSmall ? 300 : 50
const ends = endsAt(afterEach)

test(
  `a server is killed ${kills} times under load: loaders serve, nothing is wrong, and it is used again when it is back`,
  async () => {
    const { server } = await openServer('valkey-9.1', ends)
    const random = createRandom('server killed')
    const on = (client: string, l1: boolean) => ({ place: { kind: 'standalone', client, url: server.url } as const, l1, stepMs })
    const byUrl = { place: { kind: 'url', url: server.url } as const, l1: true, stepMs }
    const caches = [on('ioredis 6', true), on('node-redis 6', false), on('iovalkey', true), byUrl]
    const load = await LoadProcess.start({ caches, maxStaleness: 500 }, ends)
    await load.offer(plan)
    await sleep(2_500)
    await load.tell()
    await sleep(1_500)
    const calm = await load.tell()
    console.info(`before: ${describeFigures(calm)}`)
    const isJudged = !isSmall && isQuiet(calm, plan)
    const healedMs: number[] = []
    for (let kill = 0; kill < kills; kill += 1) {
      await load.tell()
      await server.kill('SIGKILL')
      await sleep(100 + random.integer(900))
      const opened = opens(server.port)
      await server.restart()
      const openedMs = await opened
      await expect.poll(() => load.look().then(({ problems }) => problems), { timeout: 60_000, interval: 10 }).toEqual([])
      healedMs.push(performance.now() - openedMs)
      await sleep(200)
      const figures = await load.tell()
      console.info(`kill ${kill + 1}: ${describeFigures(figures)}; well again ${healedMs.at(-1)?.toFixed(0)} ms after its port opened`)
      expectNothingWrong(figures)
      if (!isJudged) continue
      expect(figures.calls / figures.seconds).toBeGreaterThan(5_000)
      expect(figures.p99Ms).toBeLessThanOrEqual(50 + plan.loadMs)
      expect(healedMs.at(-1)).toBeLessThanOrEqual(1_000)
    }
    expectNothingWrong(await load.stop())
  },
  60_000 + kills * 60_000,
)

/** @returns when a server first took a connection on a port */
async function opens(port: number): Promise<number> {
  for (;;) {
    const socket = connect({ host: '127.0.0.1', port })
    try {
      await once(socket, 'connect')
      return performance.now()
    } catch {
      await sleep(5)
    } finally {
      socket.destroy()
    }
  }
}
