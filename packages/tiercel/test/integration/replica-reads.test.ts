import { setTimeout as sleep } from 'node:timers/promises'
import {
  ask,
  type Cluster,
  freePort,
  type Replicated,
  type RunningServer,
  serverNames,
  startCluster,
  startReplicated,
} from '@tiercel/test-servers'
import { createRandom } from '@tiercel/workloads'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Cache, type CacheOptions, createCache, valkeyStore } from '../../src/index.ts'
import { clientPackages, type LiveClient } from '../conformance/live-clients.ts'
import { clientsOn, testSize } from '../test-size.ts'
import { endsAt } from './ends.ts'
import { warmUp } from './live-server.ts'
import { randomCalls, readAll } from './random-calls.ts'
import { VersionedSource } from './versioned-source.ts'

const rounds = testSize({ small: 1, ci: 10, release: 100 })
const maxLag = 400
const maxStaleness = 250
const patience = { timeout: '5s', connectTimeout: '10s' } as const
const withinMs = { timeout: 15_000, interval: 5 }

describe.each(serverNames)('reads from replicas of %s', (server) => {
  let servers: Replicated
  let replica: RunningServer

  beforeAll(async () => {
    servers = await startReplicated({ server })
    replica = servers.replicas[0] as RunningServer
  })
  afterEach(async () => {
    await ask(servers.primary, ['FLUSHALL'])
    await follow()
  })
  // Before that: what is put up last is over first.
  const ends = endsAt(afterEach)
  afterAll(() => servers?.stop())

  /** It still answers, with what it had. */
  async function fallBehind(): Promise<void> {
    await ask(replica, ['REPLICAOF', '127.0.0.1', String(await freePort())])
  }

  async function follow(): Promise<void> {
    await ask(replica, ['REPLICAOF', servers.primary.host, String(servers.primary.port)])
    await expect.poll(() => ask(replica, ['INFO', 'replication']), withinMs).toContain('master_link_status:up')
  }

  async function live(at: number, url: string): Promise<LiveClient> {
    const opened = await (clientPackages[at] as (typeof clientPackages)[number]).standalone(url)
    ends.push(() => opened.end())
    return opened
  }

  function cacheOn(l2: ReturnType<typeof valkeyStore>, options: CacheOptions): Cache {
    const cache = createCache({ l2, ttl: '5m', coherence: { maxStaleness }, ...options })
    ends.push(() => cache.close())
    return cache
  }

  async function newReader(at: number, options: CacheOptions = {}): Promise<Cache> {
    const [primary, other] = [await live(at, servers.primary.url), await live(at, replica.url)]
    const l2 = valkeyStore(primary.live, { ...patience, readFrom: 'replica', maxLag, replicas: [other.live] })
    const cache = cacheOn(l2, options)
    if (options.l1 !== false) await warmUp(cache)
    await untilReplicaReads(cache)
    return cache
  }

  /** Until the replica is known to be near enough. */
  async function untilReplicaReads(cache: Cache): Promise<void> {
    await expect.poll(() => countReads(() => cache.namespace('probe').get('missing')), withinMs).toBeGreaterThan(0)
  }

  async function newWriter(): Promise<Cache> {
    return cacheOn(valkeyStore((await live(0, servers.primary.url)).live, patience), { l1: false })
  }

  /** How many commands that read values the replica has executed meanwhile. */
  async function countReads(work: () => Promise<unknown>): Promise<number> {
    const before = await readsSoFar()
    await work()
    return (await readsSoFar()) - before
  }

  async function readsSoFar(): Promise<number> {
    const stats = String(await ask(replica, ['INFO', 'commandstats']))
    return Number(/cmdstat_mget:calls=(\d+)/.exec(stats)?.[1] ?? 0)
  }

  describe.each(clientsOn(server, clientPackages).map((each) => [each.name, clientPackages.indexOf(each)] as const))('with %s', (_, at) => {
    test('values come from there; tags, and what has to be exact, do not', async () => {
      const b = await newWriter()
      await b.set('k', 'v', { tags: ['t'] })
      const a = await newReader(at, { l1: false })
      await expect.poll(() => ask(replica, ['EXISTS', 'tc1:e::k']), withinMs).toBe(1)
      await sleep(2 * maxLag)
      expect(await countReads(async () => expect(await a.get('k')).toBe('v'))).toBe(1)
      expect(await countReads(async () => expect(await a.get('k', { exact: true })).toBe('v'))).toBe(0)
      expect(await countReads(() => a.getOrSet('k', () => 'forced', { forceFresh: true }))).toBe(0)
    })

    test('what this process changed is never read back as it was', async () => {
      const a = await newReader(at, { l1: false })
      const verbs = ['set', 'delete', 'expire', 'mutate', 'deleteByPrefix', 'invalidateTag', 'expireTag', 'clear'] as const
      // Each in a namespace of its own.
      const change = async (verb: (typeof verbs)[number], cache: Cache): Promise<unknown> => {
        if (verb === 'set') return cache.set('k', 'new')
        if (verb === 'mutate') return cache.mutate('k', () => undefined)
        if (verb === 'deleteByPrefix') return cache.admin.deleteByPrefix('k')
        if (verb === 'clear') return cache.clear()
        return verb === 'invalidateTag' || verb === 'expireTag' ? cache[verb]('t') : cache[verb]('k')
      }
      for (const verb of verbs) await a.namespace(verb).set('k', 'old', { tags: ['t'] })
      await expect.poll(() => ask(replica, ['EXISTS', ...verbs.map((verb) => `tc1:e:${verb}:k`)]), withinMs).toBe(verbs.length)
      await sleep(2 * maxLag + 150)
      await fallBehind()
      for (const verb of verbs) {
        const cache = a.namespace(verb)
        await change(verb, cache)
        expect(await cache.get('k'), verb).toBe(verb === 'set' ? 'new' : undefined)
      }
      const changedAtMs = performance.now()
      while (performance.now() < changedAtMs + 1.5 * maxLag) {
        for (const verb of verbs) expect(await a.namespace(verb).get('k'), verb).toBe(verb === 'set' ? 'new' : undefined)
        await sleep(5)
      }
    })

    test('what was heard of is not taken back: L1 keeps nothing older than what it was told', async () => {
      const a = await newReader(at)
      const b = await newWriter()
      await b.set('k', 'old')
      await expect.poll(() => a.get('k'), withinMs).toBe('old')
      await sleep(2 * maxLag + 150)
      await fallBehind()
      await b.set('k', 'new')
      const changedAtMs = performance.now()
      await expect.poll(() => a.get('k'), withinMs).toBe('new')
      expect(performance.now() - changedAtMs).toBeLessThan(maxLag)
      while (performance.now() < changedAtMs + 3 * maxLag) {
        expect(await a.get('k')).toBe('new')
        await sleep(5)
      }
    })

    test('what nobody told of is old for at most maxLag', async () => {
      const a = await newReader(at, { l1: false, coherence: { mode: 'off' } })
      const b = await newWriter()
      await b.set('k', 'old')
      await expect.poll(() => a.get('k'), withinMs).toBe('old')
      await fallBehind()
      await b.set('k', 'new')
      const changedAtMs = performance.now()
      let sentAtMs = changedAtMs
      while (sentAtMs < changedAtMs + 2 * maxLag) {
        sentAtMs = performance.now()
        const value = await a.get('k')
        if (sentAtMs > changedAtMs + maxLag) expect(value).toBe('new')
        await sleep(2)
      }
    })
  })

  test('random calls, while the replica falls behind and catches up', async () => {
    const caches = [await newReader(0), await newReader(1), await newWriter()]
    const source = new VersionedSource()
    const boundMs = maxStaleness + maxLag + 50
    const plan = {
      caches,
      source,
      keys: 100,
      tags: 10,
      lanes: 8,
      boundMs,
      random: createRandom('replica reads'),
      life: { ttl: '5m' },
    } as const
    let isOver = false
    const underWay = randomCalls({ ...plan, operations: Number.POSITIVE_INFINITY, isOver: () => isOver })
    let reads = 0
    for (let round = 0; round < rounds; round += 1) {
      await untilReplicaReads(caches[0] as Cache)
      reads += await countReads(async () => {
        await fallBehind()
        await sleep(maxLag)
      })
      await follow()
    }
    isOver = true
    expect(reads).toBeGreaterThan(rounds)
    const { stale, errors } = await underWay
    expect([stale, errors]).toEqual([[], {}])
    await expect.poll(() => readAll({ ...plan, operations: 0 }), withinMs).toEqual([])
  }, 300_000)
})

describe('on a cluster', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ server: 'valkey-9.1', primaries: 3, replicasPerPrimary: 1 })
  })
  afterAll(() => cluster?.stop())

  const keys = Array.from({ length: 12 }, (_, at) => `k${at}`)

  async function readsOfReplicas(): Promise<number> {
    const stats = await Promise.all(cluster.nodes.slice(3).map((node) => ask(node, ['INFO', 'commandstats'])))
    return stats.reduce<number>((sum, each) => sum + Number(/cmdstat_mget:calls=(\d+)/.exec(String(each))?.[1] ?? 0), 0)
  }

  test.each(clientPackages)('$name reads values from the replicas, and its own changes from the primaries', async ({ name, ...open }) => {
    const live = await open.cluster(cluster.urls)
    const l2 = valkeyStore(live.live, { ...patience, readFrom: 'replica', maxLag })
    const cache = createCache({ l2, l1: false, namespace: name.replaceAll(' ', '-'), coherence: { maxStaleness } })
    try {
      await cache.setMany(keys.map((key) => [key, 'old'] as const))
      const readsBefore = await readsOfReplicas()
      await expect
        .poll(async () => {
          expect(await cache.getMany(keys)).toEqual(keys.map(() => 'old'))
          return readsOfReplicas()
        }, withinMs)
        .toBeGreaterThan(readsBefore + 10)
      for (const verb of ['set', 'delete'] as const) {
        await Promise.all(keys.map((key) => (verb === 'set' ? cache.set(key, 'new') : cache.delete(key))))
        expect(await cache.getMany(keys)).toEqual(keys.map(() => (verb === 'set' ? 'new' : undefined)))
      }
    } finally {
      await cache.close()
      await live.end()
    }
  })
})

describe('options of a store that reads from replicas', () => {
  const invalid = { code: 'TIERCEL_INVALID_OPTION' }

  test.each([
    ['another word', { readFrom: 'nearest' }, 'readFrom'],
    ['a lag without replicas', { maxLag: '1s' }, "readFrom: 'replica'"],
    ['a URL', { readFrom: 'replica' }, 'live client'],
  ])('%s', (_, options, hint) => {
    const create = () => valkeyStore('redis://127.0.0.1:1', options as never)
    expect(create).toThrow(expect.objectContaining({ ...invalid, message: expect.stringContaining(hint) }))
  })

  test.each([
    ['no replica', {}, 'replicas'],
    ['a lag that cannot be measured', { maxLag: 1, replicas: [{}] }, 'maxLag'],
  ])('%s', async (_, options, hint) => {
    const live = new Redis({ lazyConnect: true })
    const create = () => valkeyStore(live, { readFrom: 'replica', ...options })
    expect(create).toThrow(expect.objectContaining({ ...invalid, message: expect.stringContaining(hint) }))
    live.disconnect()
  })
})
