import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningServer } from '@tiercel/test-servers'
import type { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Cache, type CacheOptions, createCache, valkeyStore } from '../../src/index.ts'
import type { FaultProxy } from '../../src/testing/faults/fault-proxy.ts'
import { standalonePackages } from '../conformance/live-clients.ts'
import { endsAt, openProxy, openServer } from './ends.ts'
import { warmUp } from './live-server.ts'

/** Longer than any test waits. */
const lease = '10m'
const soon = { timeout: 8_000, interval: 10 }

describe.each(standalonePackages)('on $name', (client) => {
  let server: RunningServer
  let admin: Redis
  let proxy: FaultProxy
  const ends = endsAt(afterEach)

  beforeEach(async () => {
    ;({ server, admin } = await openServer('valkey-9.1', ends))
    proxy = await openProxy(server, ends)
  })

  async function newCache(url: string, options: CacheOptions = {}): Promise<Cache> {
    const live = await client.standalone(url)
    const l2 = valkeyStore(live.live, { timeout: '1s', connectTimeout: '10s', retryShare: 0 })
    const cache = createCache({ l2, lease, coherence: client.coherence ?? {}, ...options })
    ends.push(
      () => live.end(),
      () => cache.close(),
    )
    await warmUp(cache)
    return cache
  }

  async function untilHeld(key: string): Promise<void> {
    await expect.poll(async () => (await admin.get(`tc1:e::${key}`))?.charCodeAt(0), soon).toBe('L'.charCodeAt(0))
  }

  test.each([
    ['is cut', 'reset'],
    ['hangs', 'hold'],
  ])('a lease whose answer is lost because the link %s does not keep others waiting', async (_, how) => {
    const a = await newCache(proxy.url)
    const b = await newCache(server.url)
    const lift = proxy.impose({ flow: 'hold' }, { direction: 'to-client', where: (link) => link.hasSent('NX\r\n') })
    const first = a.getOrSet('k', async () => 'from a')
    await untilHeld('k')
    if (how === 'reset') proxy.kill('reset')
    else await sleep(1_200)
    lift()
    expect(await first).toBe('from a')
    expect(await b.getOrSet('k', () => 'from b')).toMatch(/^from/)
  })

  // An error that is written later is shared, and rightly so: nobody waits for it.
  const outcomes = client.writesLater ? ['value'] : ['value', 'error']
  test.each(outcomes)('nor one that was to be replaced by what was loaded, when the link is lost before: %s', async (outcome) => {
    const a = await newCache(proxy.url)
    const b = await newCache(server.url, { errorTtl: false })
    let end = (): void => undefined
    const loading = new Promise<void>((resolve) => {
      end = resolve
    })
    const first = a.getOrSet('k', async () => {
      await loading
      if (outcome === 'error') throw new Error('broken')
      return 'from a'
    })
    await untilHeld('k')
    proxy.refuse()
    proxy.kill('reset')
    await sleep(50)
    end()
    if (outcome === 'error') await expect(first).rejects.toThrow('broken')
    else expect(await first).toBe('from a')
    await sleep(50)
    proxy.heal()
    expect(await b.getOrSet('k', () => 'from b')).toMatch(/^from/)
  })
})
