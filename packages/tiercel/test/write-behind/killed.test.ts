import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '@tiercel/workloads'
import { afterEach, expect, test } from 'vitest'
import { endsAt } from '../integration/ends.ts'
import { testSize } from '../test-size.ts'
import { Crew, judge } from './crew.ts'
import { soon } from './opened.ts'

const kills = testSize({ small: 1, ci: 5, release: 20 })
const serverKills = testSize({ small: 1, ci: 1, release: 5 })
const writes = testSize({ small: 600, ci: 10_000, release: 100_000 })
const leaseMs = testSize({ small: 1_000, ci: 2_000, release: 5_000 })
const workers = 3
const batchSize = 20
const ids = 100
const ends = endsAt(afterEach)

test(
  `${kills} workers and ${serverKills} times the server killed while ${writes} writes are made: none that was acknowledged is lost`,
  async () => {
    const carry = { flushEvery: 5, batchSize, concurrency: 1, coalesce: false, lease: leaseMs, retryAfter: 20 }
    const crew = await Crew.start({ workers, partitions: 6, carry, faults: { takesMs: 5 } }, ends)
    const random = createRandom('killed')
    const step = Math.ceil(writes / ids / (kills + serverKills + 1))
    const takenOverMs: number[] = []
    const writeUpTo = (part: number) => Promise.all(Array.from({ length: ids }, (_, id) => crew.writeTo(id, step * part)))
    for (let at = 0; at < kills + serverKills; at += 1) {
      const writing = writeUpTo(at + 1)
      await sleep(random.integer(100))
      if (at % 3 === 1 && at / 3 < serverKills) {
        await crew.server.kill('SIGKILL')
        await sleep(50)
        await crew.server.restart()
      } else {
        const victim = crew.workers[random.integer(crew.workers.length)] as (typeof crew.workers)[number]
        await expect.poll(() => crew.ownedBy(victim.pid), soon).toBeGreaterThan(0)
        const { pid } = victim
        await crew.fire(victim)
        const killedAtMs = performance.now()
        await expect.poll(() => crew.ownedBy(pid), { timeout: 60_000, interval: 5 }).toBe(0)
        takenOverMs.push(performance.now() - killedAtMs)
        await crew.hire()
      }
      await writing
    }
    await writeUpTo(kills + serverKills + 1)
    const { log } = crew.opened
    await expect.poll(() => log.stats(), { timeout: 120_000, interval: 50 }).toMatchObject({ depth: 0 })
    const report = await crew.report()
    const stats = await log.stats()
    const total = [...crew.acknowledged.values()].reduce((all, list) => all + list.length, 0)
    const shown = takenOverMs.map((ms) => ms.toFixed(0)).join(', ')
    console.info(
      `${total} acknowledged, ${crew.unknown} unknown; ${report.again + report.late} came again; taken over after ${shown} ms (lease ${leaseMs} ms); ${stats.retried} retries`,
    )
    expect(judge(crew.acknowledged, report)).toEqual({ lost: [], outOfOrder: [] })
    expect(stats).toMatchObject({ died: 0, deadLetters: 0 })
    // A batch of each worker that was killed; of all of them when the server was, whose leases may have ended meanwhile.
    expect(report.again + report.late).toBeLessThanOrEqual(batchSize * (kills + serverKills * workers))
    // Where the server was not away as well.
    expect(Math.max(...takenOverMs)).toBeLessThanOrEqual(2 * leaseMs)
  },
  60_000 + writes * 10,
)
