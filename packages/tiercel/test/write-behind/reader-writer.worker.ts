// A process that writes rows of its own behind, reads everybody's, and says what it was told when.
import { Redis } from 'ioredis'
import { createCache, valkeyStore } from '../../src/index.ts'
import { createWriteBehind } from '../../src/patterns/write-behind/index.ts'
import { seededRandom } from '../../src/testing/seeded-random.ts'
import type { Told } from '../fleet/worker-process.ts'
import type { ReaderWriterReport, ReaderWriterSetup } from './reader-writer.ts'
import { valkeySource } from './valkey-source.ts'

const { url, sourceUrl, name, at, processes, keys, operations, maxStaleness }: ReaderWriterSetup = JSON.parse(process.argv[2] ?? '{}')
const admin = new Redis(sourceUrl)
const random = seededRandom(`reader-writer ${at}`)
const log = createWriteBehind(url, { name, partitions: 4, timeout: '5s', worker: { flushEvery: 20 } })
const cache = createCache({ namespace: name, l2: valkeyStore(url, { timeout: '5s' }), coherence: { maxStaleness } })
const rows = cache.resource({
  key: 'row:{id}',
  ttl: '2s',
  load: ({ id }) => admin.lindex(`source:applied:${id}`, -1),
  write: { mode: 'behind', log, ...(valkeySource(admin, { takesMs: 5 }) as object) },
})
await cache.get('warm')

const now = (): number => performance.timeOrigin + performance.now()
const report: ReaderWriterReport = { acknowledged: [], read: [] }
const versions = new Map<number, number>()
const busy = new Set<number>()

/** One at a time for each row: of two that overlap nobody could say which is the newer. */
async function write(id: number): Promise<void> {
  busy.add(id)
  const version = (versions.get(id) ?? 0) + 1
  versions.set(id, version)
  await rows.set({ id }, `${version}`)
  report.acknowledged.push([id, version, now()])
  busy.delete(id)
}

async function read(id: number): Promise<void> {
  const startedAtMs = now()
  report.read.push([id, Number((await rows.get({ id })) ?? 0), startedAtMs])
}

async function run(): Promise<ReaderWriterReport> {
  let left = operations
  const one = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      const id = Math.floor(random() * keys)
      const isMine = id % processes === at && !busy.has(id)
      await (isMine && random() < 0.3 ? write(id) : read(id))
    }
  }
  await Promise.all(Array.from({ length: 8 }, one))
  return report
}

process.on('message', ({ id }: Told<object>) => void run().then((found) => process.send?.({ id, ...found })))
process.on('disconnect', () => process.exit())
process.send?.({ id: -1 })
