import { type RunningServer, startCluster } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, test } from 'vitest'
import { slotOf } from '../../src/client/slot.ts'
import { type Cache, type CacheOptions, createCache, type ValkeyStoreOptions, valkeyStore } from '../../src/index.ts'
import type { FaultProxy } from '../../src/testing/index.ts'
import { eventLog } from '../cache/event-log.ts'
import { clientPackages } from '../conformance/live-clients.ts'
import { endsAt, openProxy, openServer } from './ends.ts'

/** A busy machine is late, too. */
const soon = { timeout: 15_000, interval: 20 }
const ends = endsAt(afterEach)
const keys = Array.from({ length: 100 }, (_, at) => `k${at}`)

async function newCache(
  live: { readonly live: object; end(): unknown },
  store: ValkeyStoreOptions = {},
  options: CacheOptions = {},
): Promise<Cache> {
  const cache = createCache({ l1: false, l2: valkeyStore(live.live, { timeout: 200, connectTimeout: '10s', ...store }), ...options })
  ends.push(
    () => live.end(),
    () => cache.close(),
  )
  await cache.get('warm')
  return cache
}

/** Why the store was not used, each as often as it happened. */
function failuresOf(cache: Cache): Record<string, number> {
  const counts: Record<string, number> = {}
  cache.on((event) => {
    if (event.type !== 'store.failed') return
    const { code } = event.error as { code: string }
    counts[code] = (counts[code] ?? 0) + 1
  })
  return counts
}

const stateOf = (cache: Cache): string | undefined => cache.health().l2?.nodes[0]?.state

describe.each(clientPackages)('on $name', (client) => {
  test('a server that hangs costs one budget, then nothing, and is used again when it answers', async () => {
    const { server, admin } = await openServer('valkey-9.1', ends)
    const cache = await newCache(await client.standalone(server.url))
    await cache.setMany(keys.map((key) => [key, 'stored']))
    await cache.set('gone', 'old')
    expect(cache.health()).toMatchObject({ status: 'ok', problems: [], l2: { link: 'up', nodes: [{ node: '', state: 'closed' }] } })
    const log = eventLog(cache)
    const failures = failuresOf(cache)
    ends.push(() => server.resume())
    server.pause()
    // Those that are under way together find out together.
    expect(await Promise.all(keys.slice(0, 20).map((key) => cache.getOrSet(key, () => 'loaded')))).toEqual(new Array(20).fill('loaded'))
    for (let at = 0; stateOf(cache) === 'closed' && at < 20; at += 1) await cache.getOrSet(`${at}`, () => 'loaded')
    expect(log).toContain('breaker.opened failures')
    const late = failures['TIERCEL_STORE_DEADLINE'] as number
    expect(late).toBeLessThanOrEqual(60)
    for (let round = 0; round < 5; round += 1) {
      expect(await Promise.all(keys.map((key) => cache.getOrSet(key, () => 'loaded')))).toEqual(keys.map(() => 'loaded'))
    }
    expect(failures).toMatchObject({ TIERCEL_STORE_DEADLINE: late, TIERCEL_BREAKER_OPEN: expect.any(Number) })
    expect(await cache.delete('gone')).toBe('queued')
    await expect(cache.set('gone', 'new')).rejects.toMatchObject({ code: 'TIERCEL_BREAKER_OPEN', retryable: true })
    expect(cache.health()).toMatchObject({ status: 'degraded', queuedInvalidations: 1, l2: { link: 'up' } })
    expect(cache.health().problems).toEqual(expect.arrayContaining(['breaker-open', 'invalidations-queued']))
    expect(cache.stats().l2.breakerOpenings).toBe(1)
    server.resume()
    await expect.poll(async () => [await cache.get('gone'), stateOf(cache)], soon).toEqual([undefined, 'closed'])
    await expect.poll(() => admin.exists('tc1:e::gone'), soon).toBe(0)
    expect(log).toEqual(expect.arrayContaining(['breaker.half-opened', 'breaker.closed']))
    await cache.set('after', 'stored')
    expect(await cache.get('after')).toBe('stored')
    await expect
      .poll(() => cache.health(), soon)
      .toMatchObject({ status: 'ok', queuedInvalidations: 0, l2: { unanswered: { commands: 0, bytes: 0 } } })
  })

  test('one that is only away is no affair of the breaker', async () => {
    const { server } = await openServer('valkey-9.1', ends)
    const cache = await newCache(await client.standalone(server.url))
    await server.kill()
    for (let round = 0; round < 5; round += 1) await Promise.all(keys.map((key) => cache.getOrSet(key, () => 'loaded')))
    expect(stateOf(cache)).toBe('closed')
    expect(cache.health()).toMatchObject({ status: 'degraded', problems: expect.arrayContaining(['l2-down']), l2: { link: 'down' } })
    await server.restart()
    await expect.poll(() => cache.set('k', 1).then(() => cache.get('k')), soon).toBe(1)
  })
})

describe('what is answered', () => {
  const client = clientPackages[0] as (typeof clientPackages)[number]

  test('BUSY opens it, with the words of the server as the cause', async () => {
    const { server, admin } = await openServer('valkey-9.1', ends)
    const cache = await newCache(await client.standalone(server.url))
    await admin.config('SET', 'busy-reply-threshold', '1')
    const looping = new Redis(server.url)
    ends.push(() => looping.disconnect())
    looping.eval('while true do end', 0).catch(() => undefined)
    await expect.poll(async () => cache.get('k').then(() => stateOf(cache)), soon).toBe('open')
    const refusal = await cache.set('k', 1).catch((error) => error)
    expect(refusal).toMatchObject({ code: 'TIERCEL_BREAKER_OPEN', cause: { code: 'TIERCEL_SERVER_ERROR', reply: 'BUSY' } })
    await admin.script('KILL')
    await expect.poll(async () => cache.get('k').then(() => stateOf(cache)), soon).toBe('closed')
  })

  test('a server that is full is still read from', async () => {
    const { server, admin } = await openServer('valkey-9.1', ends)
    const cache = await newCache(await client.standalone(server.url))
    await cache.set('k', 'stored')
    await admin.config('SET', 'maxmemory', '1')
    for (let at = 0; at < 40; at += 1) await expect(cache.set(`other${at}`, 1)).rejects.toMatchObject({ reply: 'OOM' })
    expect(stateOf(cache)).toBe('closed')
    expect(await cache.get('k')).toBe('stored')
  })

  test('without a breaker every call pays its budget', async () => {
    const { server } = await openServer('valkey-9.1', ends)
    const cache = await newCache(await client.standalone(server.url), { breaker: false, timeout: 20 })
    const failures = failuresOf(cache)
    ends.push(() => server.resume())
    server.pause()
    for (let at = 0; at < 30; at += 1) await cache.get(`k${at}`)
    expect(failures).toEqual({ TIERCEL_STORE_DEADLINE: 30 })
    server.resume()
  })
})

describe('admission', () => {
  test('more than so many commands do not wait for a server that does not answer', async () => {
    const { server } = await openServer('valkey-9.1', ends)
    const client = clientPackages[1] as (typeof clientPackages)[number]
    const cache = await newCache(await client.standalone(server.url), { breaker: false, timeout: 50, admission: { maxCommands: 5 } })
    const failures = failuresOf(cache)
    ends.push(() => server.resume())
    server.pause()
    for (let at = 0; at < 20; at += 1) await cache.get(`k${at}`)
    expect(failures).toEqual({ TIERCEL_STORE_DEADLINE: 5, TIERCEL_STORE_OVERLOADED: 15 })
    expect(cache.health().l2?.unanswered.commands).toBe(5)
    server.resume()
    await expect.poll(() => cache.health().l2?.unanswered, soon).toEqual({ commands: 0, bytes: 0 })
    await cache.set('k', 1)
    expect(await cache.get('k')).toBe(1)
  })

  test('nor more than so many bytes; one alone may be larger', async () => {
    const { server } = await openServer('valkey-9.1', ends)
    const client = clientPackages[0] as (typeof clientPackages)[number]
    const cache = await newCache(await client.standalone(server.url), { breaker: false, timeout: 100, admission: { maxBytes: '10kb' } })
    const big = 'x'.repeat(50_000)
    await cache.set('k', big)
    expect(await cache.get('k')).toBe(big)
    ends.push(() => server.resume())
    server.pause()
    await expect(cache.set('k', big)).rejects.toMatchObject({ code: 'TIERCEL_STORE_DEADLINE' })
    await expect(cache.set('k', 'small')).rejects.toMatchObject({
      code: 'TIERCEL_STORE_OVERLOADED',
      message: expect.stringMatching(/bytes/),
    })
    server.resume()
  })
})

describe('a read whose answer is lost with the link', () => {
  const client = clientPackages.find(({ name }) => name === 'node-redis 6') as (typeof clientPackages)[number]

  async function loseReads(retryShare: number, reads: number): Promise<{ readonly found: readonly unknown[]; readonly retries: number }> {
    const { server } = await openServer('valkey-9.1', ends)
    const proxy: FaultProxy = await openProxy(server, ends)
    const cache = await newCache(await client.standalone(proxy.url), { timeout: '5s', retryShare })
    // What this process itself has stored it deletes with a new link, in case the old server had not told its successor.
    const other = await newCache(await client.standalone(server.url), { timeout: '5s' })
    await other.setMany(keys.map((key) => [key, key]))
    const found: unknown[] = []
    for (const key of keys.slice(0, reads)) {
      await expect.poll(() => cache.health().l2?.link, soon).toBe('up')
      const lift = proxy.impose({ flow: 'hold' }, { direction: 'to-client' })
      const read = cache.get(key)
      await new Promise((resolve) => setTimeout(resolve, 20))
      proxy.kill('reset')
      lift()
      found.push(await read)
    }
    return { found, retries: cache.health().l2?.retries ?? 0 }
  }

  test('is sent once more', async () => {
    const { found, retries } = await loseReads(0.1, 4)
    expect(found.filter((value) => value !== undefined).length).toBeGreaterThanOrEqual(2)
    expect(retries).toBeGreaterThanOrEqual(2)
  })

  test('or not, where no share of retries is given', async () => {
    expect(await loseReads(0, 3)).toEqual({ found: [undefined, undefined, undefined], retries: 0 })
  })
})

test('on a cluster the node that hangs is left alone, and the others are used', async () => {
  const cluster = await startCluster({
    server: 'valkey-9.1',
    primaries: 3,
    replicasPerPrimary: 0,
    config: { 'cluster-node-timeout': '60000' },
  })
  ends.push(() => cluster.stop())
  const client = clientPackages.find(({ name }) => name === 'ioredis 6') as (typeof clientPackages)[number]
  const cache = await newCache(await client.cluster(cluster.urls), { timeout: 200 })
  await cache.setMany(keys.map((key) => [key, 'stored']))
  // Without the node of a namespace's tags nothing of it can be proven: another one.
  const ofTags = Math.floor((slotOf('tc1:t:{:}') * 3) / 16_384)
  const hung = cluster.nodes[(ofTags + 1) % 3] as (typeof cluster.nodes)[number] & Pick<RunningServer, 'pause' | 'resume'>
  ends.push(() => hung.resume())
  hung.pause()
  const read = (): Promise<(string | undefined)[]> =>
    Promise.all(keys.map((key) => cache.getOrSet(key, () => 'loaded', { errorTtl: false })))
  const states = (): string[] => (cache.health().l2?.nodes ?? []).map(({ state }) => state).sort()
  await expect.poll(() => read().then(states), soon).toEqual(['closed', 'closed', 'open'])
  const found = await read()
  expect(found.filter((value) => value === 'stored').length).toBeGreaterThan(40)
  expect(found.filter((value) => value === 'loaded').length).toBeGreaterThan(15)
  hung.resume()
  await expect.poll(() => read().then(states), soon).toEqual(['closed', 'closed', 'closed'])
}, 60_000)

test.each([
  [{ breaker: { window: 1 } }, 'TIERCEL_INVALID_OPTION'],
  [{ breaker: { failureRatio: 0 } }, 'TIERCEL_INVALID_OPTION'],
  [{ breaker: { slowRatio: 1.1 } }, 'TIERCEL_INVALID_OPTION'],
  [{ breaker: { minimumCalls: 0 } }, 'TIERCEL_INVALID_OPTION'],
  [{ breaker: { trialCalls: 1.5 } }, 'TIERCEL_INVALID_OPTION'],
  [{ breaker: { openFor: '1h' } }, 'TIERCEL_INVALID_OPTION'],
  [{ breaker: { maxOpenFor: 'long' } }, 'TIERCEL_INVALID_DURATION'],
  [{ breaker: { open: 1 } }, 'TIERCEL_UNKNOWN_OPTION'],
  [{ breaker: true }, 'TIERCEL_INVALID_OPTION'],
  [{ admission: { maxCommands: 0 } }, 'TIERCEL_INVALID_OPTION'],
  [{ admission: { maxBytes: 'much' } }, 'TIERCEL_INVALID_OPTION'],
  [{ admission: { max: 1 } }, 'TIERCEL_UNKNOWN_OPTION'],
  [{ retryShare: 2 }, 'TIERCEL_INVALID_OPTION'],
])('%j is refused', (options, code) => {
  expect(() => valkeyStore('redis://localhost', options as never)).toThrow(expect.objectContaining({ code }))
})
