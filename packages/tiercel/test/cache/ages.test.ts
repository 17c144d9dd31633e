import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Cache, GetOrSetOptions, LoadContext, StaleValue } from '../../src/cache/cache.ts'
import { createCache } from '../../src/cache/create-cache.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import { eventLog } from './event-log.ts'
import { TestClock } from './test-clock.ts'

const tiers = [
  ['L1 alone', (clock: TestClock, options: object) => createCache({ clock, ...options })],
  ['L2 alone', (clock: TestClock, options: object) => createCache({ clock, l1: false, l2: memoryStore({ clock }), ...options })],
  ['L1 and L2', (clock: TestClock, options: object) => createCache({ clock, l2: memoryStore({ clock }), ...options })],
] as const

let cache: Cache
afterEach(() => cache?.close())

describe.each(tiers)('with %s', (_name, create) => {
  let clock: TestClock
  const open = (options: object): void => {
    clock = new TestClock()
    cache = create(clock, options)
  }

  test('fresh until ttl, stale until ttl + grace, then gone', async () => {
    open({ ttl: 1_000, grace: 2_000 })
    const load = vi.fn(async () => 'new')
    await cache.set('k', 'old')
    clock.nowMs += 995
    expect(await cache.getOrSet('k', load)).toBe('old')
    expect(load).not.toHaveBeenCalled()
    clock.nowMs += 2_000
    expect(await cache.get('k')).toBe('old')
    clock.nowMs += 6
    expect(await cache.get('k')).toBeUndefined()
    expect(await cache.getOrSet('k', load)).toBe('new')
  })

  test('a stale value is served at once, and refreshed once', async () => {
    open({ ttl: 1_000, grace: '1h' })
    await cache.set('k', 'old')
    clock.nowMs += 1_500
    const load = vi.fn(async () => 'new')
    const values = await Promise.all(Array.from({ length: 100 }, () => cache.getOrSet('k', load)))
    expect(new Set(values)).toEqual(new Set(['old']))
    await cache.idle()
    expect(load).toHaveBeenCalledTimes(1)
    expect(await cache.getOrSet('k', load)).toBe('new')
    expect(load).toHaveBeenCalledTimes(1)
    expect(cache.stats()).toMatchObject({ loads: 1, refreshes: 1 })
    expect(cache.stats().staleHits + cache.stats().loadsJoined).toBeGreaterThan(0)
  })

  test('with a timeout, a refresh that is quick is waited for, and a slow one goes on', async () => {
    open({ ttl: 1_000, grace: '1h', timeout: 40 })
    await cache.set('k', 'old')
    clock.nowMs += 1_500
    expect(await cache.getOrSet('k', async () => 'quick')).toBe('quick')
    await cache.idle()
    clock.nowMs += 1_500
    let finish: (value: string) => void = () => undefined
    expect(await cache.getOrSet('k', () => new Promise<string>((resolve) => (finish = resolve)))).toBe('quick')
    finish('slow')
    await cache.idle()
    expect(await cache.get('k')).toBe('slow')
  })

  test('stale beats error, and the next refresh waits for graceBackoff', async () => {
    open({ ttl: 1_000, grace: '1h', timeout: 1_000, graceBackoff: 5_000 })
    await cache.set('k', 'old')
    clock.nowMs += 1_500
    const load = vi.fn(async () => Promise.reject(new Error('down')))
    expect(await cache.getOrSet('k', load)).toBe('old')
    await cache.idle()
    clock.nowMs += 4_000
    expect(await cache.getOrSet('k', load)).toBe('old')
    await cache.idle()
    expect(load).toHaveBeenCalledTimes(1)
    clock.nowMs += 2_000
    expect(await cache.getOrSet('k', load)).toBe('old')
    await cache.idle()
    expect(load).toHaveBeenCalledTimes(2)
  })

  test('hardTimeout ends the call with an error, and the load when nobody else waits', async () => {
    open({})
    let signal: AbortSignal | undefined
    const load = (context: LoadContext): Promise<string> => {
      signal = context.signal
      return new Promise((resolve) => context.signal.addEventListener('abort', () => resolve('late')))
    }
    await expect(cache.getOrSet('k', load, { hardTimeout: 20 })).rejects.toMatchObject({ code: 'TIERCEL_LOAD_DEADLINE', limitMs: 20 })
    expect(signal?.aborted).toBe(true)
    await cache.idle()
    expect(await cache.get('k')).toBeUndefined()
  })

  test('forceFresh loads over what is there, and joins nothing older', async () => {
    open({ ttl: '1h' })
    await cache.set('k', 'old')
    expect(await cache.getOrSet('k', async () => 'new', { forceFresh: true })).toBe('new')
    await cache.idle()
    expect(await cache.get('k')).toBe('new')
    let finishOlder: (value: string) => void = () => undefined
    await cache.delete('k')
    const older = cache.getOrSet('k', () => new Promise<string>((resolve) => (finishOlder = resolve)))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await cache.getOrSet('k', async () => 'forced', { forceFresh: true })).toBe('forced')
    await cache.idle
    finishOlder('older')
    expect(await older).toBe('older')
    await cache.idle()
    expect(await cache.get('k')).toBe('forced')
  })

  test('forceFresh fails when its load fails, whatever is there', async () => {
    open({ ttl: 1_000, grace: '1h' })
    await cache.set('k', 'old')
    await expect(cache.getOrSet('k', () => Promise.reject(new Error('down')), { forceFresh: true })).rejects.toThrow('down')
    expect(await cache.get('k')).toBe('old')
  })

  test('expire makes a value stale with grace, and ends it without', async () => {
    open({ ttl: '1h', grace: '1h' })
    await cache.set('k', 'old')
    await cache.set('short', 'old', { grace: false })
    await cache.expire('k')
    await cache.expire('short')
    await cache.expire('missing')
    expect(await cache.get('k')).toBe('old')
    expect(await cache.get('short')).toBeUndefined()
    expect(await cache.get('missing')).toBeUndefined()
    expect(await cache.getOrSet('k', async () => 'new')).toBe('old')
    await cache.idle()
    expect(await cache.get('k')).toBe('new')
  })

  test('absent is remembered for its own time', async () => {
    open({ ttl: '1h', absentTtl: 500 })
    const load = vi.fn(async (context: LoadContext) => context.absent())
    expect(await cache.getOrSet('k', load)).toBeUndefined()
    await cache.idle()
    expect(await cache.getOrSet('k', load)).toBeUndefined()
    expect(await cache.get('k')).toBeUndefined()
    expect(await cache.has('k')).toBe(false)
    expect(load).toHaveBeenCalledTimes(1)
    clock.nowMs += 600
    expect(await cache.getOrSet('k', load)).toBeUndefined()
    expect(load).toHaveBeenCalledTimes(2)
  })

  test('a loader chooses the ttl', async () => {
    open({ ttl: '1h' })
    const load = vi.fn(async (context: LoadContext) => {
      context.setTtl(500)
      return 'short'
    })
    await cache.getOrSet('k', load)
    await cache.idle()
    clock.nowMs += 600
    await cache.getOrSet('k', load)
    expect(load).toHaveBeenCalledTimes(2)
  })

  test('a loader that asks for what it cannot have is refused', async () => {
    open({})
    await expect(cache.getOrSet('k', (context) => context.setTtl(0))).rejects.toMatchObject({ code: 'TIERCEL_INVALID_DURATION' })
    await expect(cache.getOrSet('k', (context) => context.notModified())).rejects.toMatchObject({ code: 'TIERCEL_INVALID_LOADER' })
  })

  test('what is skipped is handed out and not stored', async () => {
    open({})
    expect(await cache.getOrSet('k', (context) => context.skip('partial'))).toBe('partial')
    await cache.idle()
    expect(await cache.get('k')).toBeUndefined()
    expect(await cache.getOrSet('k', () => 'whole')).toBe('whole')
  })

  test('notModified keeps the value for another life', async () => {
    open({ ttl: 1_000, grace: '1h', timeout: 5_000 })
    await cache.set('k', { etag: 'a' })
    clock.nowMs += 1_500
    const seen: (StaleValue | undefined)[] = []
    const load = vi.fn(async (context: LoadContext) => {
      seen.push(context.stale)
      return context.notModified<{ etag: string }>()
    })
    expect(await cache.getOrSet('k', load)).toEqual({ etag: 'a' })
    await cache.idle()
    expect(seen.map((stale) => [stale?.value, Math.round((stale?.ageMs ?? 0) / 10)])).toEqual([[{ etag: 'a' }, 150]])
    clock.nowMs += 900
    expect(await cache.getOrSet('k', load)).toEqual({ etag: 'a' })
    expect(load).toHaveBeenCalledTimes(1)
  })

  test('refreshAhead refreshes behind a fresh value, once', async () => {
    open({ ttl: 1_000, refreshAhead: 0.75 })
    await cache.set('k', 'old')
    const load = vi.fn(async () => 'new')
    clock.nowMs += 740
    expect(await cache.getOrSet('k', load)).toBe('old')
    await cache.idle()
    expect(load).not.toHaveBeenCalled()
    clock.nowMs += 20
    expect(await Promise.all([cache.getOrSet('k', load), cache.getOrSet('k', load)])).toEqual(['old', 'old'])
    await cache.idle()
    expect(load).toHaveBeenCalledTimes(1)
    expect(await cache.getOrSet('k', load)).toBe('new')
  })

  test('beta refreshes the earlier, the dearer the load', async () => {
    let chance = 0
    open({ ttl: 10_000, beta: 1, random: () => chance })
    await cache.getOrSet('k', async () => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      return 'old'
    })
    await cache.idle()
    const load = vi.fn(async () => 'new')
    // With e⁻³ left to chance, a load of 50 ms and more is repeated 150 ms and more before the end.
    clock.nowMs += 9_860
    await cache.getOrSet('k', load)
    await cache.idle()
    expect(load).not.toHaveBeenCalled()
    chance = 1 - Math.exp(-3)
    expect(await cache.getOrSet('k', load)).toBe('old')
    await cache.idle()
    expect(load).toHaveBeenCalledTimes(1)
    expect(await cache.getOrSet('k', load)).toBe('new')
  })

  test('a sliding ttl begins anew with a read', async () => {
    open({ ttl: 1_000, sliding: true })
    await cache.set('k', 'kept')
    for (let i = 0; i < 5; i += 1) {
      clock.nowMs += 800
      expect(await cache.getOrSet('k', async () => 'loaded')).toBe('kept')
      await cache.idle()
    }
    clock.nowMs += 1_001
    expect(await cache.getOrSet('k', async () => 'loaded')).toBe('loaded')
  })

  test('waitUntil is handed what goes on', async () => {
    const work: Promise<unknown>[] = []
    open({ ttl: 1_000, grace: '1h', waitUntil: (promise: Promise<unknown>) => work.push(promise) })
    await cache.set('k', 'old')
    clock.nowMs += 1_500
    let finish: (value: string) => void = () => undefined
    expect(await cache.getOrSet('k', () => new Promise<string>((resolve) => (finish = resolve)))).toBe('old')
    let isOver = false
    const over = Promise.all(work).then(() => (isOver = true))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isOver).toBe(false)
    finish('new')
    await over
  })
})

describe('options', () => {
  const bad: readonly (readonly [GetOrSetOptions, string])[] = [
    [{ grace: -1 }, 'TIERCEL_INVALID_DURATION'],
    [{ timeout: 0 }, 'TIERCEL_INVALID_DURATION'],
    [{ refreshAhead: 2 }, 'TIERCEL_INVALID_OPTION'],
    [{ beta: -1 }, 'TIERCEL_INVALID_OPTION'],
    [{ beta: Number.NaN }, 'TIERCEL_INVALID_OPTION'],
    [{ sliding: 'yes' as unknown as boolean }, 'TIERCEL_INVALID_OPTION'],
    [{ forceFresh: 1 as unknown as boolean }, 'TIERCEL_INVALID_OPTION'],
    [{ errorTtl: '0s' }, 'TIERCEL_INVALID_DURATION'],
  ]
  test.each(bad)('%j is refused', async (options, code) => {
    cache = createCache()
    const load = vi.fn()
    await expect(cache.getOrSet('k', load, options)).rejects.toMatchObject({ code })
    expect(load).not.toHaveBeenCalled()
  })

  test('of the cache hold for each call that has none of its own', async () => {
    const clock = new TestClock()
    cache = createCache({ clock, ttl: 1_000, grace: 1_000 })
    await cache.set('inherits', 1)
    await cache.set('switched off', 1, { grace: false })
    clock.nowMs += 1_500
    expect(await cache.get('inherits')).toBe(1)
    expect(await cache.get('switched off')).toBeUndefined()
    expect(() => createCache({ lease: 10 })).toThrow('lease')
    expect(() => createCache({ waitUntil: 1 as unknown as () => void })).toThrow('waitUntil')
  })

  test('l1Ttl makes a process ask L2 again', async () => {
    const clock = new TestClock()
    const l2 = memoryStore({ clock })
    cache = createCache({ clock, l2, ttl: '1h', l1Ttl: 1_000 })
    await cache.set('k', 1)
    const log = eventLog(cache)
    await cache.get('k')
    clock.nowMs += 1_100
    await cache.get('k')
    expect(log).toEqual(['read.hit l1', 'read.hit l2'])
  })
})
