import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningServer, serverNames, startStandalone } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Cache, type CacheOptions, createCache, valkeyStore } from '../../src/index.ts'
import { FaultProxy } from '../../src/testing/faults/fault-proxy.ts'
import { clientPackages, standalonePackages } from '../conformance/live-clients.ts'
import { endsAt, openProxy, openServer } from './ends.ts'
import { servedForMs, warmUp } from './live-server.ts'

const maxStaleness = 300
const patience = { timeout: '2s', connectTimeout: '10s' } as const
/** A busy machine is late, too. */
const soon = { timeout: 5_000, interval: 5 }

describe.each(serverNames)('two processes on %s', (name) => {
  let server: RunningServer
  let admin: Redis
  const ends = endsAt(afterEach)

  beforeEach(async () => {
    ;({ server, admin } = await openServer(name, ends))
  })

  async function newCache(options: CacheOptions & { readonly url?: string; readonly client?: number } = {}): Promise<Cache> {
    const { url = server.url, client = 0, ...rest } = options
    const live = await (clientPackages[client] as (typeof clientPackages)[number]).standalone(url)
    const cache = createCache({ namespace: 'shop', l2: valkeyStore(live.live, patience), coherence: { maxStaleness }, ...rest })
    ends.push(
      () => live.end(),
      () => cache.close(),
    )
    return cache
  }

  /** Until it has heard of its own changes, and asked. */
  async function settle(cache: Cache): Promise<void> {
    await cache.idle()
    await sleep(50)
    await cache.get('k')
  }

  const isTracking = (link: { hasSent(text: string): boolean }): boolean => link.hasSent('TRACKING')

  test.each(clientPackages.map((each, at) => [each.name, at] as const))(
    'on %s: what one changes, the other serves no more',
    async (_, client) => {
      const a = await newCache({ client })
      const b = await newCache({ l1: false })
      await warmUp(a)
      const changes = [
        () => b.set('k', 'new', { tags: ['t'] }),
        () => b.delete('k'),
        () => b.admin.deleteByPrefix('k'),
        () => b.expire('k'),
        () => b.invalidateTag('t'),
        () => b.clear(),
        () => b.mutate('k', () => undefined),
        () => b.mutate({ tags: ['t'] }, () => undefined),
        () => admin.flushall(),
      ]
      for (const change of changes) {
        await b.set('k', 'old', { tags: ['t'] })
        await expect.poll(() => a.get('k'), soon).toBe('old')
        await change()
        await expect.poll(() => a.get('k'), soon).not.toBe('old')
      }
    },
  )

  test('what nobody changed is served from L1, without a word to the server', async () => {
    const a = await newCache()
    await warmUp(a)
    await a.getOrSet('k', () => 1, { tags: ['a', 'b', 'c', 'd', 'e'] })
    await a.idle()
    await settle(a)
    const before = a.stats()
    for (let at = 0; at < 100; at += 1) expect(await a.get('k')).toBe(1)
    expect(a.stats().revalidations).toBe(before.revalidations)
    expect(a.stats().l2).toEqual(before.l2)
  })

  test('a push questions a value, and does not throw it away', async () => {
    const a = await newCache()
    await warmUp(a)
    await a.set('k', 'x'.repeat(50_000))
    await sleep(30)
    const { bytesRead } = a.stats().l2
    await a.get('k')
    // Something touched it, and left it as it was.
    await admin.pexpire('tc1:e:shop:k', 250_000)
    await sleep(30)
    expect(await a.get('k')).toHaveLength(50_000)
    expect(a.stats().revalidations).toBeGreaterThan(0)
    expect(a.stats().l2.bytesRead - bytesRead).toBe(0)
  })

  test('a process that stood still asks, also in the same turn of the event loop', async () => {
    const a = await newCache()
    await warmUp(a)
    await a.set('k', 1)
    await settle(a)
    expect(await a.get('k')).toBe(1)
    const before = a.stats()
    await a.get('k')
    expect(a.stats().revalidations).toBe(before.revalidations)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * maxStaleness)
    expect(await a.get('k')).toBe(1)
    expect(a.stats().revalidations).toBe(before.revalidations + 1)
  })

  test('a new link questions everything, and most is asked for before anybody wants it', async () => {
    const proxy = await openProxy(server, ends)
    const a = await newCache({ url: proxy.url })
    await warmUp(a)
    const keys = Array.from({ length: 300 }, (_, at) => ['k', at])
    await a.setMany(keys.map((key) => [key, key[1]]))
    await sleep(50)
    await a.getMany(keys)
    const before = a.stats()
    proxy.kill('reset', isTracking)
    await expect.poll(() => a.stats().revalidations - before.revalidations, soon).toBe(300)
    expect(a.stats().l2.bytesRead).toBe(before.l2.bytesRead)
    expect(await a.getMany(keys)).toEqual(keys.map(([, at]) => at))
    expect(a.stats().l2.hits).toBe(before.l2.hits)
  })

  test.each([
    ['is cut', (proxy: FaultProxy) => proxy.kill('reset', isTracking)],
    ['ends', (proxy: FaultProxy) => proxy.kill('end', isTracking)],
    ['says nothing', (proxy: FaultProxy) => proxy.impose({ flow: 'drop' }, { where: isTracking })],
    ['hears nothing', (proxy: FaultProxy) => proxy.impose({ flow: 'drop' }, { where: isTracking, direction: 'to-client' })],
    ['is late', (proxy: FaultProxy) => proxy.impose({ delayMs: 2_000 }, { where: isTracking })],
  ])('whose link of changes %s: nothing old is served for longer than maxStaleness', async (_, fault) => {
    const proxy = await openProxy(server, ends)
    const a = await newCache({ url: proxy.url })
    const b = await newCache({ l1: false })
    await warmUp(a)
    await b.set('k', 'old', { tags: ['t'] })
    await expect.poll(async () => [await a.get('k'), await a.get('k')], soon).toEqual(['old', 'old'])
    fault(proxy)
    await b.invalidateTag('t')
    expect(await servedForMs(a, 'old', 4 * maxStaleness)).toBeLessThanOrEqual(maxStaleness + 20)
    expect(await a.get('k')).toBeUndefined()
  })

  test('what a new link has not confirmed is not served for longer, though L2 cannot be asked', async () => {
    const proxy = await openProxy(server, ends)
    const live = await (clientPackages[0] as (typeof clientPackages)[number]).standalone(proxy.url)
    const l2 = valkeyStore(live.live, { timeout: 100, connectTimeout: '10s', breaker: false, retryShare: 0 })
    const a = createCache({ namespace: 'shop', l2, coherence: { maxStaleness } })
    ends.push(
      () => live.end(),
      () => a.close(),
    )
    const b = await newCache({ l1: false })
    await warmUp(a)
    await b.set('k', 'old')
    await expect.poll(async () => [await a.get('k'), await a.get('k')], soon).toEqual(['old', 'old'])
    const isUp = new Promise<void>((resolve) => a.on(({ type }) => void (type === 'link.up' && resolve())))
    const cutOff = () =>
      proxy.impose({ flow: 'drop' }, { direction: 'to-server', where: (link) => !isTracking(link) && link.hasSent('GET') })
    const lift = cutOff()
    proxy.kill('reset', isTracking)
    await b.delete('k')
    await isUp
    await sleep(2 * maxStaleness)
    // The namespace is asked about anew, for another key.
    lift()
    await b.set('other', 1)
    await expect.poll(() => a.get('other'), soon).toBe(1)
    cutOff()
    for (let round = 0; round < 10; round += 1) {
      expect(await a.get('k')).toBeUndefined()
      await sleep(20)
    }
  })

  test('a link that was mute is replaced, and L1 serves again', async () => {
    const proxy = await openProxy(server, ends)
    const a = await newCache({ url: proxy.url })
    await warmUp(a)
    await a.set('k', 1)
    const lift = proxy.impose({ flow: 'drop' }, { where: (link) => isTracking(link) && link.number <= 2 })
    const log: string[] = []
    a.on(({ type }) => void (type.startsWith('link.') && log.push(type)))
    await expect.poll(() => log, { timeout: 8_000 }).toEqual(['link.down', 'link.up'])
    lift()
    await expect
      .poll(async () => {
        const { hits } = a.stats().l1
        const before = a.stats().revalidations
        await a.get('k')
        return a.stats().l1.hits > hits && a.stats().revalidations === before
      }, soon)
      .toBe(true)
  })

  test('with the server gone, L1 lasts for maxStaleness, then each key is loaded once in that time', async () => {
    const a = await newCache()
    await warmUp(a)
    await a.getOrSet('k', () => 'stored')
    await settle(a)
    await server.kill()
    const load = vi.fn(() => 'loaded')
    const startedAtMs = performance.now()
    const seen = new Set<unknown>()
    while (performance.now() - startedAtMs < 5 * maxStaleness) {
      seen.add(await a.getOrSet('k', load))
      await sleep(5)
    }
    expect(seen).toEqual(new Set(['stored', 'loaded']))
    expect(load.mock.calls.length).toBeLessThanOrEqual(6)
    expect(load.mock.calls.length).toBeGreaterThanOrEqual(2)
  })

  test('serveStaleFor lets L1 go on for longer while the server cannot be asked, not while it can', async () => {
    const a = await newCache({ coherence: { maxStaleness, onDisconnect: { serveStaleFor: '1m' } } })
    await warmUp(a)
    await a.getOrSet('k', () => 'stored')
    await settle(a)
    await server.kill()
    await sleep(3 * maxStaleness)
    expect(await a.getOrSet('k', () => 'loaded')).toBe('stored')
    expect(await a.get('k')).toBe('stored')
    await a.delete('k')
    expect(await a.get('k')).toBeUndefined()
    expect(await a.getOrSet('k', () => 'loaded')).toBe('loaded')
  })
})

describe.each(serverNames)('on %s, what was lost is done again', (name) => {
  const ends = endsAt(afterEach)

  test.each(standalonePackages)('on $name: a server that comes back with older data', async ({ standalone }) => {
    const server = await startStandalone({ server: name, config: { dbfilename: 'old.rdb' } })
    ends.push(() => server.stop())
    const admin = new Redis(server.url, { retryStrategy: () => 20 })
    admin.on('error', () => undefined)
    ends.push(() => admin.disconnect())
    const client = await standalone(server.url)
    const cache = createCache({ namespace: 'shop', l2: valkeyStore(client.live, patience), l1: false })
    ends.push(
      () => client.end(),
      () => cache.close(),
    )
    const keys = ['deleted', 'set', 'mutated', 'tagged', 'queued', 'untouched']
    for (const key of keys) await cache.set(key, 'old', { tags: key === 'tagged' ? ['t'] : [] })
    // What was set is remembered as well: time for it to be forgotten is a minute. A second process remembers nothing.
    const other = createCache({ namespace: 'shop', l2: valkeyStore(client.live, patience), l1: false })
    ends.push(() => other.close())
    await admin.call('SAVE')
    expect(await other.delete('deleted')).toBe('applied')
    await other.set('set', 'new')
    await other.mutate('mutated', () => undefined)
    await other.invalidateTag('t')
    await cache.close()
    await server.kill()
    expect(await other.delete('queued')).toBe('queued')
    await server.restart()
    await expect.poll(() => other.get('untouched'), { timeout: 10_000 }).toBe('old')
    expect(await Promise.all(keys.map((key) => other.get(key)))).toEqual([undefined, undefined, undefined, undefined, undefined, 'old'])
    const third = createCache({ namespace: 'shop', l2: valkeyStore(client.live, patience), l1: false })
    ends.push(() => third.close())
    expect(await Promise.all(keys.map((key) => third.get(key)))).toEqual([undefined, undefined, undefined, undefined, undefined, 'old'])
  })
})
