import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningServer, serverNames } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Cache, type CacheEvent, type CacheOptions, type CoherenceOptions, createCache, valkeyStore } from '../../src/index.ts'
import { FaultProxy } from '../../src/testing/faults/fault-proxy.ts'
import { clientPackages } from '../conformance/live-clients.ts'
import { clientsOn, testSize } from '../test-size.ts'
import { endsAt, openProxy, openServer } from './ends.ts'
import { servedForMs, warmUp } from './live-server.ts'

type Mode = Pick<CoherenceOptions, 'mode' | 'noLoop'>

const maxStaleness = 300
const patience = { timeout: '2s', connectTimeout: '10s' } as const
/** A busy machine is late, too. */
const soon = { timeout: 5_000, interval: 5 }

const heard: readonly Mode[] = [
  { mode: 'broadcast', noLoop: true },
  { mode: 'default' },
  { mode: 'default', noLoop: true },
  { mode: 'optin' },
  { mode: 'optin', noLoop: true },
  { mode: 'bus' },
]
const named = ({ mode, noLoop }: Mode): string => (noLoop === true ? `${mode}, noLoop` : String(mode))

/** The mode that is the default is shown, with more, in `coherence.test.ts`. */
describe.each(serverNames)('modes of coherence on %s', (name) => {
  const clients = clientsOn(name, clientPackages)
  const all = (modes: readonly Mode[]) =>
    modes.flatMap((mode) => clients.map((each) => [named(mode), each.name, mode, clientPackages.indexOf(each)] as const))
  let server: RunningServer
  let admin: Redis
  const ends = endsAt(afterEach)

  beforeEach(async () => {
    ;({ server, admin } = await openServer(name, ends))
  })

  interface Setup extends Omit<CacheOptions, 'coherence'> {
    readonly url?: string
    readonly client?: number
  }

  async function newCache(coherence: CoherenceOptions, { url = server.url, client = 0, ...rest }: Setup = {}): Promise<Cache> {
    const live = await (clientPackages[client] as (typeof clientPackages)[number]).standalone(url)
    ends.push(() => live.end())
    return cacheOn(live.live, coherence, rest)
  }

  function cacheOn(live: object, coherence: CoherenceOptions, options: CacheOptions = {}): Cache {
    const cache = createCache({ namespace: 'shop', l2: valkeyStore(live, patience), coherence: { maxStaleness, ...coherence }, ...options })
    ends.push(() => cache.close())
    return cache
  }

  const start = (cache: Cache, { mode }: Mode): Promise<unknown> => (mode === 'off' ? cache.get('warm') : warmUp(cache))

  test.each([...all(heard), ...all([{ mode: 'off' }]).slice(0, 1)])(
    '%s on %s: what one changes, the other serves no more',
    async (_, __, mode, client) => {
      const a = await newCache(mode, { client })
      const b = await newCache(mode, { l1: false })
      await start(a, mode)
      const changes = [
        () => b.set('k', 'new', { tags: ['t'] }),
        () => b.delete('k'),
        () => b.admin.deleteByPrefix('k'),
        () => b.expire('k'),
        () => b.invalidateTag('t'),
        () => b.clear(),
        () => b.mutate('k', () => undefined),
        () => b.mutate({ tags: ['t'] }, () => undefined),
      ]
      if (mode.mode !== 'bus') changes.push(() => admin.flushall() as Promise<never>)
      for (const [at, change] of changes.entries()) {
        await b.set('k', 'old', { tags: ['t'] })
        await expect.poll(() => a.get('k'), soon).toBe('old')
        await change()
        await expect.poll(() => a.get('k'), { ...soon, message: `change ${at}` }).not.toBe('old')
      }
    },
  )

  test.each(all(heard))('%s on %s: what this process stored itself is served from L1, and followed', async (_, __, mode, client) => {
    const a = await newCache({ ...mode, maxStaleness: '30s' }, { client })
    const b = await newCache(mode, { l1: false })
    await warmUp(a)
    const changes = [() => b.delete('k'), () => b.invalidateTag('t'), () => b.clear()]
    for (const [at, change] of changes.entries()) {
      await (at === 0 ? a.set('k', 'mine', { tags: ['t', 'u'] }) : a.getOrSet('k', () => 'mine', { tags: ['t', 'u'] }))
      await a.idle()
      // What it hears of its own changes, and asks for after them, is over soon.
      await expect
        .poll(async () => {
          const before = a.stats()
          await sleep(30)
          const value = await a.get('k')
          return value === 'mine' && a.stats().revalidations === before.revalidations && a.stats().l2.misses === before.l2.misses
        }, soon)
        .toBe(true)
      const before = a.stats()
      for (let round = 0; round < 100; round += 1) expect(await a.get('k')).toBe('mine')
      expect(a.stats().l2).toEqual(before.l2)
      expect(a.stats().revalidations).toBe(before.revalidations)
      await change()
      await expect.poll(() => a.get('k'), { ...soon, message: `change ${at}` }).toBeUndefined()
    }
  })

  const isOfChanges = (link: { hasSent(text: string): boolean }): boolean => link.hasSent('TRACKING') || link.hasSent('SUBSCRIBE')
  const faults: readonly (readonly [string, (proxy: FaultProxy) => unknown])[] = [
    ['is cut', (proxy) => proxy.kill('reset', isOfChanges)],
    ['says nothing', (proxy) => proxy.impose({ flow: 'drop' }, { where: isOfChanges })],
    ['hears nothing', (proxy) => proxy.impose({ flow: 'drop' }, { where: isOfChanges, direction: 'to-client' })],
    ['is late', (proxy) => proxy.impose({ delayMs: 2_000 }, { where: isOfChanges })],
  ]

  /** Each client meets each fault in some mode, and each mode each fault; on a small run the link of most is only cut. */
  const faulty = heard.flatMap((mode, at) => {
    const count = mode.mode === 'bus' ? 2 : testSize({ small: 1, ci: 2, release: faults.length })
    return faults
      .slice(0, count)
      .map(([what, fault], index) => [named(mode), what, mode, fault, (at + index) % clientPackages.length] as const)
  })

  test.each(faulty)(
    '%s, whose link of changes %s: nothing old is served for longer than maxStaleness',
    async (_, __, mode, fault, client) => {
      const proxy = await openProxy(server, ends)
      const a = await newCache(mode, { url: proxy.url, client })
      const b = await newCache(mode, { l1: false })
      await warmUp(a)
      await b.set('k', 'old', { tags: ['t'] })
      await expect.poll(async () => [await a.get('k'), await a.get('k')], soon).toEqual(['old', 'old'])
      fault(proxy)
      await b.invalidateTag('t')
      expect(await servedForMs(a, 'old', 4 * maxStaleness)).toBeLessThanOrEqual(maxStaleness + 20)
      expect(await a.get('k')).toBeUndefined()
    },
  )

  // What a script stores is pushed to everybody by every server; older ones need one to compare.
  const comparesAlone = name === 'valkey-9.1'
  test.each(comparesAlone ? all([{ mode: 'broadcast', noLoop: true }]) : [])(
    '%s on %s: what was just loaded needs no second look',
    async (_, __, mode, client) => {
      const a = await newCache(mode, { client })
      await warmUp(a)
      // The first load makes the namespace's token, by a script.
      await a.getOrSet('first', () => 1)
      await a.idle()
      await sleep(50)
      await a.get('first')
      const before = a.stats()
      for (let round = 0; round < 5; round += 1) {
        await a.getOrSet(['k', round], () => round)
        await a.idle()
        await sleep(20)
        expect(await a.get(['k', round])).toBe(round)
      }
      expect(a.stats().revalidations).toBe(before.revalidations)
      expect(a.stats().l2.hits).toBe(before.l2.hits)
    },
  )

  test.each([...all([{ mode: 'default' }]).slice(0, 1), ...all([{ mode: 'optin' }]).slice(1, 2)])(
    '%s on %s, on a link that is tracked already: says so, once, and goes on',
    async (_, __, mode, client) => {
      const live = await (clientPackages[client] as (typeof clientPackages)[number]).standalone(server.url)
      ends.push(() => live.end())
      await warmUp(cacheOn(live.live, mode))
      const refused = await refusalOf(cacheOn(live.live, mode))
      expect(refused).toMatchObject([{ error: { code: 'TIERCEL_UNSUPPORTED', message: expect.stringContaining("'broadcast'") } }])
    },
  )

  test('where the server does not allow tracking, it says so, and the bus does', async () => {
    await admin.call('ACL', 'SETUSER', 'default', '-client|tracking')
    for (const mode of ['broadcast', 'default'] as const) {
      const refused = await refusalOf(await newCache({ mode }))
      expect(refused).toMatchObject([{ error: { code: 'TIERCEL_UNSUPPORTED', message: expect.stringContaining("'bus'") } }])
    }
    await warmUp(await newCache({ mode: 'bus' }))
  })

  /** All of some time, in which it would have been tried again. */
  async function refusalOf(cache: Cache): Promise<CacheEvent[]> {
    const refused: CacheEvent[] = []
    cache.on((event) => void (event.type === 'link.refused' && refused.push(event)))
    await cache.set('k', 1)
    expect(await cache.get('k')).toBe(1)
    await expect.poll(() => refused.length, soon).toBeGreaterThan(0)
    await sleep(1_700)
    expect(await cache.get('k')).toBe(1)
    return refused
  }
})
