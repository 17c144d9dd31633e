import { ask, type Cluster, type ClusterNode, moveSlot, slotOwner, startCluster } from '@tiercel/test-servers'
import { createRandom } from '@tiercel/workloads'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { slotOf } from '../../src/client/slot.ts'
import { type Cache, createCache, valkeyStore } from '../../src/index.ts'
import { clientPackages } from '../conformance/live-clients.ts'
import { testSize } from '../test-size.ts'
import { endsAt } from './ends.ts'
import { warmUp } from './live-server.ts'
import { failOverLossily, namespace, patienceMs } from './lossy-failover.ts'
import { type CallPlan, keyName, randomCalls, readAll } from './random-calls.ts'
import { VersionedSource } from './versioned-source.ts'

const movedSlots = testSize({ small: 2, ci: 20, release: 200 })
const failovers = testSize({ small: 1, ci: 2, release: 3 })
const calls = testSize({ small: 300, ci: 3_000, release: 20_000 })
const primaries = 3
const maxStaleness = 250
const patience = { timeout: '2s', connectTimeout: '10s' } as const
const aroundMs = 120_000
/** A busy machine is late, too. */
const soon = { timeout: 5_000, interval: 5 }

let cluster: Cluster
let caches: readonly [Cache, Cache]
const ends = endsAt(afterAll)

beforeAll(async () => {
  cluster = await startCluster({ server: 'valkey-9.1', primaries, replicasPerPrimary: 1, config: { 'cluster-node-timeout': '2000' } })
  ends.push(() => cluster.stop())
  caches = [await newCache('node-redis 6'), await newCache('ioredis 6')]
}, aroundMs)
async function newCache(clientName: string): Promise<Cache> {
  const live = await clientPackages.find(({ name }) => name === clientName)?.cluster(cluster.urls)
  const l2 = valkeyStore(live?.live as object, patience)
  const cache = createCache({ namespace, l2, coherence: { maxStaleness } })
  ends.push(
    () => live?.end(),
    () => cache.close(),
  )
  await warmUp(cache)
  return cache
}

const entryKey = (key: string): string => `tc1:e:${namespace}:${key}`
const tagSlot = slotOf(`tc1:t:{${namespace}:}`)
/** The primary of the beginning. */
const firstOwner = (storedKey: string): number => Math.floor((slotOf(storedKey) * primaries) / 16_384)

function newPlan(seed: string): Omit<CallPlan, 'operations'> {
  const random = createRandom(seed)
  return { caches, source: new VersionedSource(), keys: 200, tags: 10, lanes: 8, boundMs: maxStaleness + 50, random, life: { ttl: '5m' } }
}

test(
  'what one process changes, on whichever primary, the other serves no more',
  async () => {
    const keys = Array.from({ length: 24 }, (_, at) => `spread${at}`)
    expect(new Set(keys.map((key) => firstOwner(entryKey(key)))).size).toBe(primaries)
    for (const [a, b] of [caches, [caches[1], caches[0]] as const]) {
      const changes: (() => Promise<unknown>)[] = [
        () => Promise.all(keys.map((key) => a.set(key, 'new', { tags: ['t'] }))),
        () => a.setMany(keys.map((key) => [key, 'new'] as const)),
        () => a.deleteMany(keys),
        () => Promise.all(keys.map((key) => a.expire(key))),
        () => a.invalidateTag('t'),
        () => a.invalidateTags(['t', 'u', 'v']),
        () => a.expireTag('t'),
        () => a.clear(),
        () => a.mutate({ keys }, () => undefined),
        () => a.mutate({ keys: keys.slice(0, 3), tags: ['t'] }, () => undefined),
      ]
      for (const change of changes) {
        await b.setMany(
          keys.map((key) => [key, 'old'] as const),
          { tags: ['t'] },
        )
        await expect.poll(() => a.getMany(keys), soon).toEqual(keys.map(() => 'old'))
        await expect.poll(() => readsFromL1(b, keys), soon).toBe(true)
        await change()
        expect(await a.getMany(keys)).not.toContain('old')
        expect(await Promise.all(keys.map((key) => b.get(key, { exact: true }))), String(change)).not.toContain('old')
        // Far sooner than the bound when it is told, which each primary has to do for itself.
        await expect.poll(() => b.getMany(keys), soon).not.toContain('old')
      }
      const loaded = await b.getOrSetMany(keys, (missing) => missing.map(() => 'loaded'), { tags: ['t'] })
      expect(new Set(loaded)).toEqual(new Set(['loaded']))
      await b.idle()
      expect(await a.getMany(keys)).toEqual(loaded)
    }
  },
  aroundMs,
)

/** Whether all is served without a word to the servers. */
async function readsFromL1(cache: Cache, keys: readonly string[]): Promise<boolean> {
  const before = cache.stats()
  await cache.getMany(keys)
  const after = cache.stats()
  return after.l1.hits - before.l1.hits === keys.length && after.revalidations === before.revalidations
}

test(
  'slots are moved while they are read and invalidated',
  async () => {
    const plan = newPlan('moved')
    expect(await randomCalls({ ...plan, operations: calls })).toMatchObject({ stale: [], errors: {} })
    let isOver = false
    const underWay = randomCalls({ ...plan, operations: Number.POSITIVE_INFINITY, lanes: 4, isOver: () => isOver })
    try {
      for (let moved = 0; moved < movedSlots; moved += 1) {
        // That of the tags, and those of the keys that are read most.
        const slot = moved % 10 === 0 ? tagSlot : slotOf(entryKey(keyName(moved)))
        const owners = cluster.nodes.slice(0, primaries)
        const from = await slotOwner(owners, slot)
        const others = owners.filter((node) => node !== from)
        await moveSlot(cluster.nodes, slot, others[moved % others.length] as ClusterNode)
      }
    } finally {
      isOver = true
    }
    const report = await underWay
    expect(report.stale).toEqual([])
    expect(report.errors).toEqual({})
    await expect.poll(() => readAll({ ...plan, operations: 0 }), patienceMs).toEqual([])
    expect(await randomCalls({ ...plan, operations: calls })).toMatchObject({ stale: [], errors: {} })
  },
  aroundMs + movedSlots * 2_000,
)

test.each(Array.from({ length: failovers }, (_, at) => at))(
  'a primary is lost with what it acknowledged last: what was invalidated there is invalidated again (%i)',
  async (at) => {
    const owner = (firstOwnerOfTags + at) % primaries
    const replica = cluster.nodes[primaries + owner] as ClusterNode
    const promoted = (): Promise<void> =>
      expect.poll(() => ask(replica, ['ROLE']).then((role) => String((role as unknown[])[0])), patienceMs).toBe('master')
    const moved = new Set([tagSlot, ...Array.from({ length: movedSlots }, (_, key) => slotOf(entryKey(keyName(key))))])
    const owns = (storedKey: string): boolean => firstOwner(storedKey) === owner && !moved.has(slotOf(storedKey))
    const primary = cluster.nodes[owner] as ClusterNode
    await failOverLossily(newPlan(`failover ${at}`), { primary, replica, owns, promoted }, calls)
  },
  aroundMs,
)

const firstOwnerOfTags = firstOwner(`tc1:t:{${namespace}:}`)
