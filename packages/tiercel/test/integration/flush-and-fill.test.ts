import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningServer, serverNames } from '@tiercel/test-servers'
import { createRandom } from '@tiercel/workloads'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Cache, type CacheOptions, createCache, valkeyStore } from '../../src/index.ts'
import type { Store } from '../../src/stores/store.ts'
import type { Condition } from '../../src/testing/faults/condition.ts'
import type { LinkFilter } from '../../src/testing/faults/link-filter.ts'
import { clientPackages } from '../conformance/live-clients.ts'
import { serversAtLength, testSize } from '../test-size.ts'
import { endsAt, openProxy, openServer } from './ends.ts'
import { warmUp } from './live-server.ts'

/** For each server and client, of which there are six. */
const racedReads = testSize({ small: 200, ci: 1_700, release: 10_000 })
const ownWrites = testSize({ small: 50, ci: 170, release: 1_000 })
/** For each of the three servers. */
const expiringKeys = testSize({ small: 100, ci: 350, release: 1_000 })
const servers = serversAtLength(serverNames)
const aroundMs = 60_000
const patience = { timeout: '5s', connectTimeout: '10s' } as const
const clients = clientPackages.filter(({ name }) => name === 'node-redis 6' || name === 'ioredis 6')
const isTracking: LinkFilter = (link) => link.hasSent('TRACKING') || link.hasSent('subscribe')
const isData: LinkFilter = (link) => !isTracking(link)

describe.each(servers)('on %s', (name) => {
  let server: RunningServer
  let admin: Redis
  let namespaces = 0
  const ends = endsAt(afterAll)

  beforeAll(async () => {
    ;({ server, admin } = await openServer(name, ends))
  })

  function nextNamespace(): string {
    namespaces += 1
    return `n${namespaces}`
  }

  /** Told of each change after the cache was. */
  type OnHeard = (keys: readonly string[] | null) => void

  async function newCache(
    client: (typeof clients)[number],
    { url = server.url, onHeard, ...options }: CacheOptions & { readonly url?: string; readonly onHeard?: OnHeard },
  ): Promise<Cache> {
    const live = await client.standalone(url)
    const l2 = valkeyStore(live.live, patience)
    if (onHeard !== undefined) tap(l2, onHeard)
    const cache = createCache({ l2, ...options })
    ends.push(
      () => live.end(),
      () => cache.close(),
    )
    return cache
  }

  test.each(clients)(
    'on $name: a read that is answered after an invalidation fills nothing that is served',
    async (client) => {
      const namespace = nextNamespace()
      const random = createRandom(`${name} ${client.name}`)
      const proxy = await openProxy(server, ends)
      const heard = new Set<string>()
      const onHeard: OnHeard = (keys) => keys?.forEach((key) => heard.add(key))
      const a = await newCache(client, { namespace, url: proxy.url, coherence: { maxStaleness: '1m' }, onHeard })
      const b = await newCache(client, { namespace, l1: false })
      await warmUp(a)
      const changes: ((key: string) => Promise<unknown>)[] = [
        (key) => b.delete(key),
        () => admin.flushall(),
        () => b.invalidateTag('t'),
        () => b.clear(),
        (key) => b.mutate(key, () => undefined),
        (key) => b.set(key, 'new', { tags: ['t'] }),
      ]
      const reads: ((key: string) => Promise<unknown>)[] = [
        (key) => a.get(key),
        (key) => a.getOrSet(key, () => 'new', { tags: ['t'] }),
        (key) => a.getMany([key, `${key}-other`]).then(([value]) => value),
      ]
      /** Until the cache has been told of all that was done before. */
      const untilHeard = async (mark: string): Promise<void> => {
        await admin.set(`tc1:e:${namespace}:${mark}`, '')
        await expect.poll(() => heard.delete(`tc1:e:${namespace}:${mark}`), { timeout: 10_000, interval: 1 }).toBe(true)
      }
      let overtaken = 0
      for (let round = 0; round < racedReads; round += 1) {
        const key = `k${round}`
        await b.set(key, 'old', { tags: ['t'] })
        await untilHeard(`set${round}`)
        const isHeardFirst = random.next() < 0.5
        // Answers wait, and in every other round what the server tells of waits with them.
        const release = proxy.impose({ flow: 'hold' }, { direction: 'to-client', where: isHeardFirst ? isData : () => true })
        const read = (reads[round % reads.length] as (typeof reads)[number])(key)
        await sleep(2 * random.next())
        await (changes[random.integer(changes.length)] as (typeof changes)[number])(key)
        if (isHeardFirst) await untilHeard(`changed${round}`)
        release()
        if ((await read) === 'old') overtaken += 1
        if (!isHeardFirst) await untilHeard(`changed${round}`)
        expect(await a.get(key), `round ${round}`).not.toBe('old')
      }
      expect(overtaken).toBeGreaterThan(racedReads / 4)
    },
    racedReads * 50 + aroundMs,
  )

  test.each(clients)(
    'on $name: own writes are read, however their answers arrive',
    async (client) => {
      const random = createRandom(`${name} ${client.name}`)
      const proxy = await openProxy(server, ends)
      const a = await newCache(client, { namespace: nextNamespace(), url: proxy.url, coherence: { maxStaleness: '10s' } })
      await warmUp(a)
      const conditions: readonly Condition[] = [
        { split: { every: 1 } },
        { delayMs: 1, jitterMs: 8 },
        { split: { every: 1 }, delayMs: 1, jitterMs: 3 },
      ]
      let lift = (): void => undefined
      for (let round = 0; round < ownWrites; round += 1) {
        const key = `k${round % 7}`
        lift()
        // One cut at every place a short answer has.
        const condition = round % 2 === 0 ? { split: { after: 1 + ((round / 2) % 80) } } : (conditions[random.integer(3)] as Condition)
        lift = proxy.impose(condition, { direction: 'to-client', where: [isData, isTracking, () => true][round % 3] as LinkFilter })
        const around = [a.get(key), a.getOrSet(key, () => 'loaded')]
        await a.set(key, round, { tags: ['t'] })
        expect(await a.get(key), `round ${round}`).toBe(round)
        around.push(a.get(key), a.getMany([key]))
        expect(await a.getOrSet(key, () => 'loaded'), `round ${round}`).toBe(round)
        const undone = [
          () => a.delete(key),
          () => a.invalidateTag('t'),
          () => a.clear(),
          () => a.mutate(key, () => undefined),
          () => a.expireTag('t'),
          () => a.expire(key),
        ]
        around.push(a.get(key))
        await undone[random.integer(undone.length)]?.()
        expect(await a.get(key), `round ${round}`).toBeUndefined()
        await Promise.all(around)
      }
      lift()
    },
    ownWrites * 200 + aroundMs,
  )

  describe('the copy here does not outlive what the server holds', () => {
    let namespace: string
    let a: Cache
    const keys = Array.from({ length: expiringKeys }, (_, at) => `k${at}`)
    const storedKey = (key: string): string => `tc1:e:${namespace}:${key}`

    async function fill(ttlMs: (at: number) => number): Promise<void> {
      namespace = nextNamespace()
      a = await newCache(clients[0] as (typeof clients)[number], { namespace })
      const b = await newCache(clients[1] as (typeof clients)[number], { namespace, l1: false })
      await warmUp(a)
      await Promise.all(keys.map((key, at) => (at % 2 === 0 ? a : b).set(key, at, { ttl: ttlMs(at) })))
      await sleep(50)
      expect(await a.getMany(keys)).toEqual(keys.map((_, at) => at))
    }

    /** Asks until nothing is served any more. @returns per key, by how much its end had passed when it was served last */
    async function lateness(endAtMs: (storedKey: string) => number): Promise<number[]> {
      const lateByMs = keys.map(() => Number.NEGATIVE_INFINITY)
      let served = keys.map((_, at) => at)
      while (served.length > 0) {
        await sleep(5)
        const still: number[] = []
        for (const at of served) {
          const askedAtMs = Date.now()
          if ((await a.get(keys[at] as string)) === undefined) continue
          still.push(at)
          lateByMs[at] = askedAtMs - endAtMs(storedKey(keys[at] as string))
        }
        served = still
      }
      return lateByMs
    }

    test('when that expires late, and nothing is told of it', { timeout: aroundMs }, async () => {
      await admin.call('DEBUG', 'SET-ACTIVE-EXPIRE', '0')
      try {
        await fill((at) => 600 + ((at * 37) % 900))
        const endsAtMs = new Map<string, number>()
        for (const key of keys.map(storedKey)) endsAtMs.set(key, await admin.pexpiretime(key))
        const lateByMs = await lateness((key) => endsAtMs.get(key) as number)
        expect(Math.max(...lateByMs)).toBeLessThanOrEqual(50)
        // It was served until then, and not merely forgotten.
        expect(lateByMs.filter((ms) => ms > -150).length).toBeGreaterThan(keys.length / 2)
      } finally {
        await admin.call('DEBUG', 'SET-ACTIVE-EXPIRE', '1')
      }
    })

    // The entry says otherwise, so the server tells of its end when it notices: how long that takes is not ours.
    test('when somebody else has shortened its ttl', { timeout: aroundMs }, async () => {
      const witness = admin.duplicate()
      ends.push(() => witness.disconnect())
      const goneAtMs = new Map<string, number>()
      await admin.config('SET', 'notify-keyspace-events', 'Ex')
      await witness.subscribe('__keyevent@0__:expired')
      witness.on('message', (_channel: string, key: string) => goneAtMs.set(key, Date.now()))
      await admin.config('SET', 'hz', '200')
      try {
        await fill(() => 60_000)
        await Promise.all(keys.map((key, at) => admin.pexpire(storedKey(key), 300 + ((at * 7) % 300))))
        const lateByMs = await lateness((key) => goneAtMs.get(key) ?? Number.POSITIVE_INFINITY)
        expect(Math.max(...lateByMs)).toBeLessThanOrEqual(50)
        await expect.poll(() => keys.filter((key) => goneAtMs.has(storedKey(key))).length).toBe(keys.length)
      } finally {
        await admin.config('SET', 'hz', '10')
        await admin.config('SET', 'notify-keyspace-events', '')
      }
    })
  })
})

function tap(store: Store, onHeard: (keys: readonly string[] | null) => void): void {
  const follow = store.follow?.bind(store) as NonNullable<Store['follow']>
  store.follow = (prefixes, listener) =>
    follow(prefixes, {
      onChange: (keys) => {
        listener.onChange(keys)
        onHeard(keys)
      },
      onDown: () => listener.onDown(),
      onUp: () => listener.onUp(),
    })
}
