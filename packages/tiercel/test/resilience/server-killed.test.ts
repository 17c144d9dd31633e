import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '@tiercel/workloads'
import { afterEach, expect, test } from 'vitest'
import { endsAt, openServer } from '../integration/ends.ts'
import { testSize } from '../test-size.ts'
import type { LoadPlan } from './load-messages.ts'
import { describeFigures, expectNothingWrong, median, startLoad } from './load-process.ts'

const kills = testSize({ small: 2, ci: 10, release: 30 })
const plan: LoadPlan = { seed: 'killed', ratePerSecond: 6_000, keys: 1_000, loadMs: 5, changes: 0.02, deadlineMs: 10_000, ttlMs: 10_000 }
/** The default. */
const stepMs = 50
const ends = endsAt(afterEach)

test(
  `a server is killed ${kills} times under load: loaders serve, nothing is wrong, and it is used again when it is back`,
  async () => {
    const { server } = await openServer('valkey-9.1', ends)
    const random = createRandom('server killed')
    const on = (client: string, l1: boolean) => ({ place: { kind: 'standalone', client, url: server.url } as const, l1, stepMs })
    const byUrl = { place: { kind: 'url', url: server.url } as const, l1: true, stepMs }
    const caches = [on('ioredis 6', true), on('node-redis 6', false), on('iovalkey', true), byUrl]
    const { load, isJudged } = await startLoad({ caches, maxStaleness: 500 }, plan, ends)
    const healedMs: number[] = []
    const p99Ms: number[] = []
    const rates: number[] = []
    for (let kill = 0; kill < kills; kill += 1) {
      await load.tell()
      await server.kill('SIGKILL')
      // Clients wait the longer for their next attempt the longer it was away.
      await sleep(100 + random.integer(400))
      const opened = opens(server.port)
      await server.restart()
      const openedMs = await opened
      await expect.poll(() => load.look().then(({ problems }) => problems), { timeout: 60_000, interval: 10 }).toEqual([])
      healedMs.push(performance.now() - openedMs)
      await sleep(200)
      const figures = await load.tell()
      console.info(`kill ${kill + 1}: ${describeFigures(figures)}; well again ${healedMs.at(-1)?.toFixed(0)} ms after its port opened`)
      expectNothingWrong(figures)
      p99Ms.push(figures.p99Ms)
      rates.push(figures.calls / figures.seconds)
    }
    expectNothingWrong(await load.stop())
    if (!isJudged) return
    // The middle one of them: what the machine does beside this may meet one.
    expect(median(rates)).toBeGreaterThan(5_000)
    expect(median(p99Ms)).toBeLessThanOrEqual(50 + plan.loadMs)
    expect(median(healedMs)).toBeLessThanOrEqual(1_000)
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
