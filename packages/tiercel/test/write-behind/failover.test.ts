import { setTimeout as sleep } from 'node:timers/promises'
import { ask, type Cluster, type ClusterNode, startCluster } from '@tiercel/test-servers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Appended } from '../../src/cache/write-log.ts'
import { createWriteBehind, createWriteBehindWorker } from '../../src/patterns/write-behind/index.ts'
import { clientPackages } from '../conformance/live-clients.ts'
import { endsAt } from '../integration/ends.ts'
import { testSize } from '../test-size.ts'
import { MemorySource } from './memory-source.ts'
import { newName, template, write } from './opened.ts'

const writesPerRow = testSize({ small: 40, ci: 200, release: 2_000 })
const rows = 16
const patience = { timeout: '2s', connectTimeout: '10s' } as const
const partitions = 6
const ends = endsAt(afterAll)
let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster({ primaries: 3, replicasPerPrimary: 1, config: { 'cluster-node-timeout': '2000' } })
  ends.push(() => cluster.stop())
}, 120_000)

async function newClient(): Promise<object> {
  const live = await clientPackages.find(({ name }) => name === 'ioredis 6')?.cluster(cluster.urls)
  ends.push(() => live?.end())
  return live?.live as object
}

test('a primary dies under writes that wait for one replica: of what was acknowledged nothing is lost, and each row has its order', async () => {
  const name = newName()
  const source = new MemorySource()
  const carry = { flushEvery: 20, retryAfter: 20, lease: 1_000, sources: { [template]: source as never } }
  for (let at = 0; at < 2; at += 1) {
    const worker = createWriteBehindWorker(await newClient(), { ...patience, name, partitions, ...carry })
    ends.push(() => worker.close({ drainMs: 0 }))
  }
  const logs = [await newLog(name), await newLog(name)]
  const acknowledged = Array.from({ length: rows }, (): number[] => [])
  const outcomes = new Set<string>()
  let unknown = 0
  const writing = Promise.all(
    acknowledged.map(async (list, id) => {
      for (let value = 1; list.length < writesPerRow; value += 1) {
        const appended = await (logs[id % 2] as (typeof logs)[number])
          .append(write(id, { kind: 'store', value }))
          .catch((): Appended | undefined => void (unknown += 1))
        if (appended === undefined) await sleep(50)
        else list.push(value)
        if (appended !== undefined) outcomes.add(appended.durability)
      }
    }),
  )
  await expect.poll(() => Math.min(...acknowledged.map(({ length }) => length)), { timeout: 60_000, interval: 5 }).toBeGreaterThan(5)
  const [primary, , , replica] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode, ClusterNode]
  await primary.kill()
  const role = () => ask(replica, ['ROLE']).then((reply) => String((reply as unknown[])[0]))
  await expect.poll(role, { timeout: 60_000, interval: 20 }).toBe('master')
  // As its replica: nothing of that slot is acknowledged before.
  await primary.restart()
  await writing
  await expect
    .poll(
      () =>
        logs[0]
          ?.stats()
          .then(({ depth }) => depth)
          .catch(() => -1),
      { timeout: 60_000 },
    )
    .toBe(0)

  expect(outcomes).toEqual(new Set(['replicated(1)']))
  const lost = acknowledged.flatMap((list, id) => list.filter((value) => Number(source.rows.get(id)?.value) < value))
  const orders = acknowledged.map((list, id) => source.values(id).filter((value) => list.includes(value as number)) as number[])
  console.info(`${acknowledged.flat().length} acknowledged, ${unknown} not, ${lost.length} lost; ${source.late} came late or again`)
  expect(lost).toEqual([])
  expect(orders).toEqual(orders.map((order) => [...order].sort((one, other) => one - other)))
}, 180_000)

async function newLog(name: string) {
  const log = createWriteBehind(await newClient(), { ...patience, name, partitions, replicas: 1, worker: false })
  ends.push(() => log.close({ drainMs: 0 }))
  return log
}
