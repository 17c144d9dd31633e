import { afterEach, describe, expect, test } from 'vitest'
import { type Cache, createCache, valkeyStore } from '../../src/index.ts'
import type { FaultProxy } from '../../src/testing/faults/fault-proxy.ts'
import { clientPackages } from '../conformance/live-clients.ts'
import { endsAt, openProxy, openServer } from '../integration/ends.ts'
import { warmUp } from '../integration/live-server.ts'

/** Large beside what a busy machine adds. */
const budgetMs = 400
/** Of the first answer. */
const slowMs = 300
/** Less than two steps that nobody answers. */
const mostMs = budgetMs * 1.75

const ends = endsAt(afterEach)
const client = clientPackages[1] as (typeof clientPackages)[number]

interface Hung {
  readonly cache: Cache
  /** How long a call waited before its loader was called, on a server that hung after it was asked, and before its breaker opened. */
  waitedMs(call: (load: () => string) => Promise<unknown>): Promise<number>
}

/** A server whose first answer comes late, and which is stopped meanwhile: what is asked next is never answered. */
async function open(): Promise<Hung> {
  const { server } = await openServer('valkey-9.1', ends)
  const proxy: FaultProxy = await openProxy(server, ends)
  const live = await client.standalone(proxy.url)
  const cache = createCache({ l1: false, l2: valkeyStore(live.live, { timeout: budgetMs, connectTimeout: '10s' }) })
  ends.push(
    () => live.end(),
    () => cache.close({ drainMs: 0 }),
    () => server.resume(),
  )
  await cache.get('warm')
  const waitedMs: Hung['waitedMs'] = async (call) => {
    proxy.impose({ delayMs: slowMs }, { direction: 'to-client' })
    const calledMs = performance.now()
    let loadedMs = 0
    const pending = call(() => {
      loadedMs = performance.now()
      return 'loaded'
    })
    // By then the server has executed what was asked first; its answer is on the way.
    setTimeout(() => server.pause(), slowMs / 2)
    expect(await pending).toBe('loaded')
    expect(cache.health().l2?.nodes[0]?.state).toBe('closed')
    return loadedMs - calledMs
  }
  return { cache, waitedMs }
}

describe('a call on a server that hangs waits for one budget before its loader, however many steps it has', () => {
  test('a read, then a lease', async () => {
    const { cache, waitedMs } = await open()
    expect(await waitedMs((load) => cache.getOrSet('k', load))).toBeLessThan(mostMs)
  })

  test('a read, then the tags of what it found', async () => {
    const { cache, waitedMs } = await open()
    await cache.set('k', 'stored', { tags: ['t'] })
    expect(await waitedMs((load) => cache.getOrSet('k', load, { exact: true }))).toBeLessThan(mostMs)
  })

  test('a read, then a mark that the value is to be replaced', async () => {
    const { cache, waitedMs } = await open()
    await cache.set('k', 'stored')
    expect(await waitedMs((load) => cache.getOrSet('k', load, { forceFresh: true }))).toBeLessThan(mostMs)
  })

  test('many at a time', async () => {
    const { cache, waitedMs } = await open()
    const keys = Array.from({ length: 50 }, (_, at) => `k${at}`)
    const all = (load: () => string): Promise<string> =>
      Promise.all(keys.map((key) => cache.getOrSet(key, load))).then((values) => values[0] as string)
    expect(await waitedMs(all)).toBeLessThan(mostMs)
  })
})

test('a server that is slow, and answers each step within what is left, is used as ever', async () => {
  const { server, admin } = await openServer('valkey-9.1', ends)
  const proxy = await openProxy(server, ends)
  const live = await client.standalone(proxy.url)
  const cache = createCache({ l1: false, l2: valkeyStore(live.live, { timeout: '2s', connectTimeout: '10s' }) })
  ends.push(
    () => live.end(),
    () => cache.close(),
  )
  await cache.get('warm')
  proxy.impose({ delayMs: 200 }, { direction: 'to-client' })
  expect(await cache.getOrSet('k', () => 'loaded', { tags: ['t'] })).toBe('loaded')
  await cache.idle()
  expect((await admin.get('tc1:e::k'))?.[0]).toBe('V')
})

test('who asked in vain whether a load under way may be joined does not ask again', async () => {
  const { server } = await openServer('valkey-9.1', ends)
  const live = await client.standalone(server.url)
  const cache = createCache({ l2: valkeyStore(live.live, { timeout: budgetMs, connectTimeout: '10s' }) })
  const other = createCache({ l2: valkeyStore(server.url, { connectTimeout: '10s' }), l1: false })
  ends.push(
    () => live.end(),
    () => cache.close({ drainMs: 0 }),
    () => other.close({ drainMs: 0 }),
    () => server.resume(),
  )
  await warmUp(cache)
  let loads = 0
  const load = (): Promise<string> => new Promise((resolve) => setTimeout(resolve, 500, `load ${(loads += 1)}`))
  const first = cache.getOrSet('k', load)
  await expect.poll(() => loads).toBe(1)
  // A tag that the load may still name, so that nobody may join without asking.
  const heard = new Promise((resolve) => setTimeout(resolve, 100))
  await other.invalidateTag('t')
  await heard
  server.pause()
  const calledMs = performance.now()
  let loadedMs = 0
  const second = await cache.getOrSet('k', () => {
    loadedMs = performance.now()
    return 'own'
  })
  expect([await first, second]).toEqual(['load 1', 'own'])
  expect(loadedMs - calledMs).toBeGreaterThan(budgetMs * 0.9)
  expect(loadedMs - calledMs).toBeLessThan(mostMs)
})
