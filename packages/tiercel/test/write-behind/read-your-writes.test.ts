import { startStandalone } from '@tiercel/test-servers'
import { afterEach, expect, test } from 'vitest'
import { WorkerProcess } from '../fleet/worker-process.ts'
import { endsAt } from '../integration/ends.ts'
import { testSize } from '../test-size.ts'
import { newName } from './opened.ts'
import type { ReaderWriterReport, ReaderWriterSetup } from './reader-writer.ts'

const processes = 4
const keys = 40
const operations = testSize({ small: 4_000, ci: 50_000, release: 500_000 })
const maxStaleness = 300
/** What the clocks of two processes differ by, and a timer is late by. */
const slackMs = 50
const ends = endsAt(afterEach)

test(
  `${processes} processes, ${operations} operations: what was acknowledged is read, at once where it was written, elsewhere within ${maxStaleness} ms`,
  async () => {
    const [server, source] = await Promise.all([startStandalone(), startStandalone()])
    ends.push(
      () => server.stop(),
      () => source.stop(),
    )
    const setUp = { url: server.url, sourceUrl: source.url, name: newName(), processes, keys, maxStaleness }
    const workers = Array.from({ length: processes }, (_, at) => {
      const own: ReaderWriterSetup = { ...setUp, at, operations: operations / processes }
      return new WorkerProcess<object, ReaderWriterReport>(new URL('./reader-writer.worker.ts', import.meta.url), own)
    })
    ends.push(() => Promise.all(workers.map((worker) => worker.kill())))
    await Promise.all(workers.map(({ ready }) => ready))
    const reports = await Promise.all(workers.map((worker) => worker.run({})))

    const written = reports.flatMap(({ acknowledged }) => acknowledged)
    const reads = reports.flatMap(({ read }, at) => read.map((each) => ({ each, at })))
    expect(written.length).toBeGreaterThan(operations / 40)
    expect(reads.length).toBeGreaterThan(operations / 2)
    const histories = Array.from({ length: keys }, (_, id) => written.filter(([row]) => row === id))
    const old = reads.filter(({ each: [id, version, startedAtMs], at }) => {
      const untilMs = id % processes === at ? startedAtMs : startedAtMs - maxStaleness - slackMs
      return version < newestAt(histories[id] ?? [], untilMs)
    })
    console.info(`${written.length} acknowledged, ${reads.length} reads, ${old.length} too old`)
    expect(old).toEqual([])
  },
  120_000 + operations * 5,
)

/** What was acknowledged by then; acknowledgements of a row come in their order. */
function newestAt(history: ReaderWriterReport['acknowledged'], untilMs: number): number {
  return history.findLast(([, , atMs]) => atMs <= untilMs)?.[1] ?? 0
}
