import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom, type Random } from '@tiercel/workloads'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, test } from 'vitest'
import { adaptClient } from '../../src/client/adapt.ts'
import type { Client } from '../../src/client/client.ts'
import type { FaultProxy } from '../../src/testing/faults/fault-proxy.ts'
import { type Ends, endsAt, openProxy, openServer } from '../integration/ends.ts'
import { testSize } from '../test-size.ts'
import { CutLog, type CutReport } from './cut-log.ts'
import { quickPackages } from './quick-clients.ts'

const cuts = testSize({ small: 40, ci: 1_000, release: 5_000 })
/** GLIDE takes its time before it connects again. */
const slowCuts = testSize({ small: 5, ci: 100, release: 500 })
const commandsPerCut = 8
const big = Buffer.alloc(64 * 1_024)
const ends = endsAt(afterEach)

interface Setting {
  readonly proxy: FaultProxy
  readonly log: CutLog
}

async function open(toEnd: Ends): Promise<Setting> {
  const { server } = await openServer('valkey-9.1', toEnd)
  const proxy = await openProxy(server, toEnd)
  const log = new CutLog(server.url)
  toEnd.push(() => log.end())
  return { proxy, log }
}

/** Where a link may be cut: before a request has arrived, in its midst, before its answer has, or at any time. */
const moments: readonly ((proxy: FaultProxy, random: Random) => Promise<void>)[] = [
  async (proxy) => void proxy.impose({ flow: 'hold' }, { direction: 'to-server' }),
  async (proxy) => void proxy.impose({ bytesPerSecond: 20_000 }, { direction: 'to-server' }),
  async (proxy) => void proxy.impose({ flow: 'hold' }, { direction: 'to-client' }),
  async (_, random) => void (random.next() < 0.5 && (await sleep(0))),
]

/** Sends commands, cuts their link, and fences what came of them off from what may come later. */
async function cutOnce({ proxy, log }: Setting, client: Client, cut: number, random: Random): Promise<void> {
  const connection = String(await client.send({ words: ['CLIENT', 'ID'] }))
  const prepare = moments[random.integer(moments.length)] as (typeof moments)[number]
  const isPrepared = random.next() < 0.9
  if (isPrepared) await prepare(proxy, random)
  // More than sockets hold: what comes behind it is still in the client when the link is cut.
  const isCrowded = random.next() < 0.1
  const crowd = isCrowded ? Array.from({ length: 64 }, (_, at) => client.send({ words: ['SET', `crowd${at}`, big] })) : []
  const names = Array.from({ length: commandsPerCut }, (_, at) => `${cut}.${at}`)
  const half = names.length / 2
  const single = names.slice(0, half).map((name) => client.send({ words: log.words(name) }))
  const together = client.batch(names.slice(half).map((name) => ({ words: log.words(name) })))
  const settled = Promise.allSettled([...single, ...names.slice(half).map((_, at) => together.then((replies) => orThrow(replies[at])))])
  const crowded = Promise.allSettled(crowd)
  await sleep(random.integer(3))
  proxy.refuse()
  proxy.kill('reset')
  const outcomes = await settled
  await crowded
  outcomes.forEach(({ status }, at) => log.report(names[at] as string, status === 'fulfilled' ? 'done' : 'failed'))
  await log.dropped(connection)
  await log.fence(cut)
  proxy.heal()
}

function orThrow<T>(reply: T | Error): T {
  if (reply instanceof Error) throw reply
  return reply
}

describe.each(quickPackages)('on $name', ({ name, standalone, writesLater = false }) => {
  const count = writesLater ? slowCuts : cuts
  const title = writesLater
    ? 'nothing is executed twice; what the package had not written yet may be executed later, as declared'
    : 'nothing that was reported as failed is executed later, and nothing twice'
  test(
    `${title}: ${count} cuts`,
    async () => {
      const setting = await open(ends)
      const live = await standalone(setting.proxy.url)
      const client = adaptClient(live.live)
      ends.push(() => live.end())
      const random = createRandom(`cuts ${name}`)
      for (let cut = 0; cut < count; cut += 1) {
        await cutOnce(setting, client, cut, random)
        await expect.poll(() => client.send({ words: ['PING'] }).then(String, () => 'away'), { timeout: 20_000, interval: 1 }).toBe('PONG')
      }
      const report = await setting.log.read()
      console.info(`${name}: ${count} cuts, ${describeReport(report)}`)
      expect(report.failed).toBeGreaterThan(count)
      expect(report).toMatchObject({ commands: count * commandsPerCut, doubles: [], lost: [], ...(writesLater ? {} : { ghosts: [] }) })
    },
    60_000 + count * 1_000,
  )
})

test('ioredis by itself executes twice what it sends again: it is seen', async () => {
  const setting = await open(ends)
  const { proxy, log } = setting
  const live = new Redis(proxy.url, { retryStrategy: () => 1 })
  live.on('error', () => undefined)
  ends.push(() => live.disconnect())
  for (let cut = 0; cut < 5; cut += 1) {
    await live.ping()
    const lift = proxy.impose({ flow: 'hold' }, { direction: 'to-client' })
    const sent = live.rpush(...(log.words(`${cut}.0`).slice(1) as [string, string]))
    await sleep(20)
    proxy.kill('reset')
    lift()
    await sent
    log.report(`${cut}.0`, 'done')
  }
  expect((await log.read()).doubles.length).toBeGreaterThan(0)
})

function describeReport({ commands, failed, failedButExecuted, ghosts, doubles, lost }: CutReport): string {
  const failures = `${failed} of ${commands} commands reported as failed, of which ${failedButExecuted} had been executed`
  return `${failures}; ${ghosts.length} ghosts, ${doubles.length} doubles, ${lost.length} lost`
}
