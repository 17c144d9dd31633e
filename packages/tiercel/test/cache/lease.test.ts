import { describe, expect, test, vi } from 'vitest'
import type { Cache } from '../../src/cache/cache.ts'
import { createCache } from '../../src/cache/create-cache.ts'
import { newLease } from '../../src/codecs/marks.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import type { Store } from '../../src/stores/store.ts'
import { eventLog } from './event-log.ts'
import { GatedStore } from './gated-store.ts'
import { TestClock } from './test-clock.ts'

/** Caches that share nothing but a store are processes that share nothing but a server. */
function fleet(size: number, options: Parameters<typeof createCache>[0] = {}): { caches: Cache[]; store: Store } {
  const store = memoryStore()
  return { store, caches: Array.from({ length: size }, () => createCache({ l2: new GatedStore(store), ...options })) }
}

/** A loader that says when it was called and ends when it is told to. */
function gatedLoad(): {
  load: () => Promise<unknown>
  begun: Promise<void>
  finish: (value: unknown) => void
  fail: (error: Error) => void
} {
  let begin: () => void = () => undefined
  let finish: (value: unknown) => void = () => undefined
  let fail: (error: Error) => void = () => undefined
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const result = new Promise<unknown>((resolve, reject) => {
    finish = resolve
    fail = reject
  })
  const load = (): Promise<unknown> => {
    begin()
    return result
  }
  return { load, begun, finish, fail }
}

const key = 'tc1:e::k'

describe('one load for all processes', () => {
  test('others wait for it, and get what it stored', async () => {
    const { caches } = fleet(4)
    const load = vi.fn(async () => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      return { id: 7 }
    })
    const values = await Promise.all(caches.flatMap((cache) => Array.from({ length: 100 }, () => cache.getOrSet('k', load))))
    expect(load).toHaveBeenCalledTimes(1)
    expect(values.every((value) => (value as { id: number }).id === 7)).toBe(true)
    expect(caches.reduce((sum, cache) => sum + cache.stats().waits, 0)).toBe(3)
  })

  test('its failure is theirs too, by name and message, until errorTtl is over', async () => {
    const { caches } = fleet(4, { errorTtl: 100 })
    const failure = new TypeError('no row')
    const load = vi.fn(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      throw failure
    })
    const results = await Promise.allSettled(caches.flatMap((cache) => Array.from({ length: 50 }, () => cache.getOrSet('k', load))))
    expect(load).toHaveBeenCalledTimes(1)
    const reasons = new Set(results.map((result) => (result as PromiseRejectedResult).reason))
    expect(reasons).toContain(failure)
    for (const reason of reasons) {
      if (reason === failure) continue
      expect(reason).toMatchObject({ code: 'TIERCEL_LOAD_FAILED', retryable: true, key: 'k' })
      expect(String(reason)).toContain('TypeError: no row')
    }
    await expect(caches[0]?.getOrSet('k', load)).rejects.toSatisfy((reason) => reasons.has(reason) || reason.code === 'TIERCEL_LOAD_FAILED')
    await expect.poll(() => caches[0]?.getOrSet('k', () => 'fine').catch(() => 'failed')).toBe('fine')
  })

  test('the failure of a program is not told: the next may be called rightly', async () => {
    const { caches } = fleet(2)
    await expect(caches[0]?.getOrSet('k', () => undefined)).rejects.toMatchObject({ code: 'TIERCEL_UNDEFINED_VALUE' })
    await caches[0]?.idle()
    expect(await caches[1]?.getOrSet('k', () => 'fine')).toBe('fine')
  })

  test('a caller who leaves waits no longer, and its process asks no more', async () => {
    const { caches, store } = fleet(1)
    await store.claim({ key, value: newLease(60_000), ttlMs: 60_000 })
    const controller = new AbortController()
    const call = caches[0]?.getOrSet('k', () => 1, { signal: controller.signal })
    setTimeout(() => controller.abort(new Error('left')), 20)
    await expect(call).rejects.toThrow('left')
    await caches[0]?.idle()
  })

  test('lockTimeout ends the wait: the value is loaded and stored nowhere in L2', async () => {
    const { caches, store } = fleet(1)
    const lease = newLease(60_000)
    await store.claim({ key, value: lease, ttlMs: 60_000 })
    expect(await caches[0]?.getOrSet('k', () => 'own', { lockTimeout: 30 })).toBe('own')
    await caches[0]?.idle()
    expect((await store.get(key))?.equals(lease)).toBe(true)
  })

  test('who died while loading is replaced when the lease is over', async () => {
    const { caches, store } = fleet(2)
    await store.claim({ key, value: newLease(150), ttlMs: 150 })
    const load = vi.fn(async () => 'second')
    const startedAtMs = performance.now()
    expect(await Promise.all(caches.map((cache) => cache.getOrSet('k', load)))).toEqual(['second', 'second'])
    expect(performance.now() - startedAtMs).toBeGreaterThan(140)
    expect(load).toHaveBeenCalledTimes(1)
  })

  test('a load that is longer than its lease renews it', async () => {
    const { caches } = fleet(2, { lease: 800 })
    const load = vi.fn(async () => {
      await new Promise((resolve) => setTimeout(resolve, 2_000))
      return 'slow'
    })
    expect(await Promise.all(caches.map((cache) => cache.getOrSet('k', load)))).toEqual(['slow', 'slow'])
    expect(load).toHaveBeenCalledTimes(1)
  })

  test('when all who wanted it have left, the lease is given back', async () => {
    const { caches, store } = fleet(1)
    const controller = new AbortController()
    const { load, begun, finish } = gatedLoad()
    const call = caches[0]?.getOrSet('k', load, { signal: controller.signal })
    await begun
    controller.abort()
    await expect(call).rejects.toThrow()
    finish('unwanted')
    await caches[0]?.idle()
    expect(await store.get(key)).toBeUndefined()
  })
})

describe('a load that was overtaken by another process', () => {
  const changes: readonly (readonly [string, (there: Cache) => Promise<unknown>, unknown])[] = [
    ['delete', (there) => there.delete('k'), undefined],
    ['expire', (there) => there.expire('k'), undefined],
    ['set', (there) => there.set('k', 'set'), 'set'],
  ]

  test.each(changes)('by %s is given to its callers and stored nowhere', async (_verb, change, after) => {
    const { caches } = fleet(3)
    const [here, there, third] = caches as [Cache, Cache, Cache]
    const log = eventLog(here)
    const { load, begun, finish } = gatedLoad()
    const call = here.getOrSet('k', load)
    await begun
    await change(there)
    finish('old')
    expect(await call).toBe('old')
    await here.idle()
    expect(log).toContain('write.dropped revoked')
    expect(await here.get('k')).toBe(after)
    expect(await third.get('k')).toBe(after)
  })

  test.each(changes)('while it refreshes, by %s, does not come back', async (_verb, change) => {
    const { caches } = fleet(2, { ttl: 50, grace: '1h', l1: false })
    const [here, there] = caches as [Cache, Cache]
    await here.set('k', 'first')
    await new Promise((resolve) => setTimeout(resolve, 70))
    const { load, begun, finish } = gatedLoad()
    expect(await here.getOrSet('k', load)).toBe('first')
    await begun
    await change(there)
    finish('overtaken')
    await here.idle()
    expect(await there.get('k')).not.toBe('overtaken')
  })

  test('and a load after it gets the newer value', async () => {
    const { caches } = fleet(2)
    const [here, there] = caches as [Cache, Cache]
    const { load, begun, finish } = gatedLoad()
    const old = here.getOrSet('k', load)
    await begun
    await there.delete('k')
    expect(await there.getOrSet('k', () => 'new')).toBe('new')
    await there.idle()
    finish('old')
    await old
    await here.idle()
    expect(await here.get('k')).toBe('new')
  })
})

describe('another process that refreshes', () => {
  const aged = { ttl: 50, grace: '1h', l1: false } as const

  test('is waited for as long as timeout says, and its value is everybody’s', async () => {
    const { caches } = fleet(2, { ...aged, timeout: '5s' })
    const [here, there] = caches as [Cache, Cache]
    await here.set('k', 'old')
    await new Promise((resolve) => setTimeout(resolve, 70))
    const { load, begun, finish } = gatedLoad()
    const refreshing = here.getOrSet('k', load, { ttl: '1h' })
    await begun
    const other = vi.fn()
    const waiting = there.getOrSet('k', other)
    await new Promise((resolve) => setTimeout(resolve, 20))
    finish('new')
    expect(await Promise.all([refreshing, waiting])).toEqual(['new', 'new'])
    expect(other).not.toHaveBeenCalled()
  })

  test('and takes longer: the stale value is served', async () => {
    const { caches } = fleet(2, { ...aged, timeout: 30 })
    const [here, there] = caches as [Cache, Cache]
    await here.set('k', 'old')
    await new Promise((resolve) => setTimeout(resolve, 70))
    const { load, begun, finish } = gatedLoad()
    const refreshing = here.getOrSet('k', load)
    await begun
    expect(await there.getOrSet('k', () => 'unused')).toBe('old')
    expect(await refreshing).toBe('old')
    finish('new')
    await here.idle()
  })

  test('without a timeout nobody waits', async () => {
    const { caches } = fleet(2, aged)
    const [here, there] = caches as [Cache, Cache]
    await here.set('k', 'old')
    await new Promise((resolve) => setTimeout(resolve, 70))
    const { load, begun, finish } = gatedLoad()
    expect(await here.getOrSet('k', load)).toBe('old')
    await begun
    expect(await there.getOrSet('k', () => 'unused')).toBe('old')
    expect(there.stats().loads).toBe(0)
    finish('new')
    await here.idle()
  })
})

describe('what a key may hold beside a value', () => {
  test('a fence: the loader is called, and nothing is stored', async () => {
    const store = memoryStore()
    const clock = new TestClock()
    const cache = createCache({ l2: store, clock })
    await store.claim({ key, value: Buffer.from('F0'), ttlMs: 60_000 })
    const load = vi.fn(() => 'loaded')
    // L1 keeps it for as long as a load may be shared, so that the source has one load per process in that time.
    for (const loads of [1, 1, 2]) {
      expect(await cache.getOrSet('k', load)).toBe('loaded')
      await cache.idle()
      expect(load).toHaveBeenCalledTimes(loads)
      clock.passMs(600)
    }
    expect(String(await store.get(key))).toBe('F0')
    await expect(cache.set('k', 1)).rejects.toMatchObject({ code: 'TIERCEL_FENCED' })
    expect(await cache.get('k')).toBeUndefined()
  })

  test.each([['L'], ['E'], ['F'], ['garbage'], ['']])('%j is never a value', async (content) => {
    const { caches, store } = fleet(1)
    await store.claim({ key, value: Buffer.from(content), ttlMs: 60_000 })
    expect(await caches[0]?.get('k')).toBeUndefined()
  })

  test.each([['garbage'], ['V'], ['Vgarbage'], ['']])('%j is taken over', async (content) => {
    const { caches, store } = fleet(2)
    await store.claim({ key, value: Buffer.from(content), ttlMs: 60_000 })
    expect(await caches[0]?.getOrSet('k', () => 'loaded')).toBe('loaded')
    await caches[0]?.idle()
    expect(await caches[1]?.get('k')).toBe('loaded')
  })
})

describe('a store that fails', () => {
  test('while the lease is taken: the value is loaded', async () => {
    const { StoreError } = await import('../../src/kernel/errors.ts')
    const l2 = new GatedStore()
    const cache = createCache({ l2 })
    l2.fail('claim', new StoreError('TIERCEL_STORE_UNAVAILABLE', 'away'))
    expect(await cache.getOrSet('k', () => 'loaded')).toBe('loaded')
    await cache.idle()
    expect(await cache.get('k')).toBe('loaded')
    await cache.close()
  })

  test('the tags of what was loaded: nobody waits for the end of the lease', async () => {
    const { ServerError } = await import('../../src/kernel/errors.ts')
    const store = memoryStore()
    const l2 = new GatedStore(store)
    const cache = createCache({ l2, l1: false })
    const other = createCache({ l2: store, l1: false })
    const load = (): string => {
      l2.fail('snap', new ServerError('TRYAGAIN Multiple keys request during rehashing of slot'))
      return 'loaded'
    }
    expect(await cache.getOrSet('k', load, { tags: () => ['t'] })).toBe('loaded')
    await cache.idle()
    expect(await other.getOrSet('k', () => 'loaded again')).toBe('loaded again')
    expect(other.stats().waits).toBe(0)
  })

  test('to answer, and takes the lease while the load is under way: what was loaded is not stored under it', async () => {
    const { DeadlineError } = await import('../../src/kernel/errors.ts')
    const store = memoryStore()
    const l2 = new GatedStore(store)
    const cache = createCache({ l2, l1: false })
    const other = createCache({ l2: store, l1: false })
    let takeLease = async (): Promise<unknown> => undefined
    l2.claim = async (entry) => {
      takeLease = () => store.claim(entry)
      throw new DeadlineError('TIERCEL_STORE_DEADLINE', 'late', 50)
    }
    const load = async (): Promise<string> => {
      await other.delete('k')
      await takeLease()
      return 'from before the delete'
    }
    expect(await cache.getOrSet('k', load)).toBe('from before the delete')
    await cache.idle()
    expect(await other.get('k')).toBeUndefined()
  })

  test('to answer, though it took the lease: it is not asked again before the load, and the lease is given back', async () => {
    const { DeadlineError } = await import('../../src/kernel/errors.ts')
    const store = memoryStore()
    const l2 = new GatedStore(store)
    const cache = createCache({ l2 })
    const claim = l2.claim.bind(l2)
    l2.claim = async (entry) => {
      await claim(entry)
      throw new DeadlineError('TIERCEL_STORE_DEADLINE', 'late', 50)
    }
    const other = createCache({ l2: store, l1: false })
    expect(await cache.getOrSet('k', () => 'loaded')).toBe('loaded')
    await cache.idle()
    expect(await other.getOrSet('k', () => 'loaded again')).toBe('loaded again')
    expect(other.stats().waits).toBe(0)
  })
})

describe('who has to ask the server before it may share a load', () => {
  /** A load under way, of whose key something was heard; and the question is not answered. */
  async function unsure() {
    const l2 = new GatedStore()
    const cache = createCache({ l2 })
    await cache.get('other')
    const { load, begun, finish } = gatedLoad()
    const first = cache.getOrSet('k', load)
    await begun
    await new Promise((resolve) => setImmediate(resolve))
    const answer = l2.hold('getHead', 'before')
    const end = async (): Promise<void> => {
      expect(l2.calls).toContain('getHead')
      finish('loaded')
      answer()
      expect(await first).toBe('loaded')
      await cache.close()
    }
    return { cache, load, end }
  }

  test('waits no longer for that than its hardTimeout', async () => {
    const { cache, load, end } = await unsure()
    await expect(cache.getOrSet('k', load, { hardTimeout: 20 })).rejects.toMatchObject({ code: 'TIERCEL_LOAD_DEADLINE' })
    await end()
  })

  test('leaves when its signal says so', async () => {
    const { cache, load, end } = await unsure()
    const controller = new AbortController()
    const asked = cache.getOrSet('k', load, { signal: controller.signal })
    await new Promise((resolve) => setImmediate(resolve))
    controller.abort(new Error('has left'))
    await expect(asked).rejects.toThrow('has left')
    await end()
  })
})
