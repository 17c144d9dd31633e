import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { endsAt } from '../integration/ends.ts'
import { testSize } from '../test-size.ts'
import { Crew, judge } from './crew.ts'
import { soon } from './opened.ts'

const stops = testSize({ small: 2, ci: 20, release: 100 })
const leaseMs = 400
const batchSize = 10
const ids = 30
const ends = endsAt(afterEach)

test(
  `a worker that stands still past its lease, ${stops} times: it begins nothing when it wakes up, and nothing is put over what is newer`,
  async () => {
    const carry = { flushEvery: 5, batchSize, concurrency: 2, lease: leaseMs, retryAfter: 20 }
    const crew = await Crew.start({ workers: 2, partitions: 4, carry, faults: { takesMs: 10 } }, ends)
    let isWriting = true
    const writing = Promise.all(
      Array.from({ length: ids }, async (_, id) => {
        for (let count = 1; isWriting; count += 1) {
          await crew.writeTo(id, count)
          await sleep(10)
        }
      }),
    )
    for (let at = 0; at < stops; at += 1) {
      const worker = crew.workers[at % 2] as (typeof crew.workers)[number]
      await expect.poll(() => crew.ownedBy(worker.pid), soon).toBeGreaterThan(0)
      worker.signal('SIGSTOP')
      await expect.poll(() => crew.ownedBy(worker.pid), soon).toBe(0)
      // What it has read is carried by the other one, and newer writes are.
      await sleep(50)
      worker.signal('SIGCONT')
    }
    isWriting = false
    await writing
    const { log } = crew.opened
    await expect.poll(() => log.stats(), soon).toMatchObject({ depth: 0 })
    const report = await crew.report()
    console.info(`${(await log.stats()).appended} writes; of those who stood still ${report.late} came late and ${report.again} again`)
    const { outOfOrder } = judge(crew.acknowledged, report)
    expect(outOfOrder).toEqual([])
    for (const [id, values] of crew.acknowledged) expect(report.applied.get(id)?.at(-1)).toBe(values.at(-1))
    // What was under way when it stood still, and nothing that it began afterwards.
    expect(report.late + report.again).toBeLessThanOrEqual(stops * batchSize * 2)
  },
  60_000 + stops * 5_000,
)
