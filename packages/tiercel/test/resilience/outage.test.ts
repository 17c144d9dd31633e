import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { FaultProxy } from '../../src/testing/faults/fault-proxy.ts'
import { endsAt, openProxy, openServer } from '../integration/ends.ts'
import { testSize } from '../test-size.ts'
import type { LoadPlan } from './load-messages.ts'
import { describeFigures, LoadProcess } from './load-process.ts'

const isSmall = testSize({ small: 1, ci: 0, release: 0 }) === 1
const clients = testSize({ small: 10, ci: 50, release: 50 })
const outageMs = testSize({ small: 2_500, ci: 30_000, release: 30_000 })
const ratePerSecond = testSize({ small: 300, ci: 500, release: 500 })
const plan: LoadPlan = { seed: 'outage', ratePerSecond, keys: 500, loadMs: 5, changes: 0.02, deadlineMs: 10_000, ttlMs: 5_000 }
/** One for commands, one on which it hears of changes. */
const linksPerClient = 2
const windowMs = 100
/** Of all that come back. A small fleet comes in lumps, and so does what a process does whose event loop was late. */
const mostAtOnce = { measured: 0.2, inLumps: 0.6 }
const ends = endsAt(afterEach)

test(
  `${clients} clients, ${outageMs / 1_000} s without a server: nobody asks more often than he was asked, and they do not come back all at once`,
  async () => {
    const { server } = await openServer('valkey-9.1', ends)
    const proxy = await openProxy(server, ends)
    const place = { kind: 'url', url: proxy.url } as const
    const caches = Array.from({ length: clients }, () => ({ place, l1: true, stepMs: 300, maxOpenMs: 2_000 }))
    const load = await LoadProcess.start({ caches, maxStaleness: 1_000 }, ends)
    const calm = await load.offerAndSettle(plan, 1_000)

    proxy.refuse()
    proxy.kill('reset')
    await sleep(outageMs)
    const away = await load.tell()
    const attempts = proxy.counts.refused
    console.info(`away: ${describeFigures(away)}; ${attempts} attempts to connect`)

    const links = clients * linksPerClient
    const cameMs = await comeBack(proxy, links)
    const atOnce = mostWithin(cameMs, windowMs) / links
    const lastMs = cameMs.at(-1) as number
    console.info(`back: ${links} links in ${lastMs.toFixed(0)} ms, at most ${(atOnce * 100).toFixed(0)} % of them within ${windowMs} ms`)
    await expect.poll(() => load.look().then(({ problems }) => problems), { timeout: 90_000, interval: 50 }).toEqual([])
    const back = await load.stop()
    console.info(`after: ${describeFigures(back)}`)

    for (const { wrong, stale, errors } of [calm, away, back])
      expect({ wrong, stale, errors }).toEqual({ wrong: [], stale: [], errors: {} })
    for (const { loads, calls } of [away, back]) expect(loads).toBeLessThanOrEqual(calls * 1.1)
    expect(away.loads + attempts).toBeLessThanOrEqual(away.calls * 1.1)
    const isMeasured = !isSmall && back.lagMs < windowMs
    expect(atOnce).toBeLessThanOrEqual(isMeasured ? mostAtOnce.measured : mostAtOnce.inLumps)
  },
  180_000 + outageMs,
)

/** @returns when each link came, in ms from when it could */
async function comeBack(proxy: FaultProxy, links: number): Promise<number[]> {
  const before = proxy.counts.opened
  const cameMs: number[] = []
  const healedMs = performance.now()
  proxy.heal()
  while (cameMs.length < links && performance.now() - healedMs < 20_000) {
    await sleep(2)
    const came = proxy.counts.opened - before
    while (cameMs.length < came) cameMs.push(performance.now() - healedMs)
  }
  expect(cameMs.length).toBeGreaterThanOrEqual(links)
  return cameMs.slice(0, links)
}

/** The most of these moments that lie in one window. */
function mostWithin(momentsMs: readonly number[], lengthMs: number): number {
  return Math.max(...momentsMs.map((fromMs) => momentsMs.filter((atMs) => atMs >= fromMs && atMs < fromMs + lengthMs).length))
}
