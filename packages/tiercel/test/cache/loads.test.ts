import { describe, expect, test } from 'vitest'
import { createCache } from '../../src/cache/create-cache.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import { deferred } from './deferred.ts'
import { closedAfterEach } from './owned.ts'

const owned = closedAfterEach()

describe('loads at a time', () => {
  test('so many run, so many wait, the rest is refused and not told to others as a failure of the source', async () => {
    const l2 = memoryStore()
    const cache = owned(createCache({ l2, l1: false, loads: { maxRunning: 2, maxWaiting: 1 } }))
    const other = owned(createCache({ l2, l1: false }))
    const gate = deferred<string>()
    const started: string[] = []
    const read = (key: string) =>
      cache.getOrSet(key, () => {
        started.push(key)
        return gate.promise
      })
    const calls = ['a', 'b', 'c'].map(read)
    await expect.poll(() => cache.health().loads).toEqual({ running: 2, waiting: 1 })
    expect(cache.health()).toMatchObject({ status: 'degraded', problems: ['loads-waiting'] })
    await expect(read('d')).rejects.toMatchObject({ code: 'TIERCEL_LOAD_REFUSED', key: 'd', retryable: true })
    expect(started).toEqual(['a', 'b'])
    expect(await other.getOrSet('d', () => 'elsewhere')).toBe('elsewhere')
    gate.resolve('loaded')
    expect(await Promise.all(calls)).toEqual(['loaded', 'loaded', 'loaded'])
    expect(cache.stats().loads).toBe(3)
    await cache.idle()
    expect(cache.health()).toMatchObject({ status: 'ok', loads: { running: 0, waiting: 0 } })
  })

  test('what is stale is served where a load is refused', async () => {
    const cache = owned(createCache({ loads: { maxRunning: 1, maxWaiting: 0 } }))
    await cache.set('k', 'old', { ttl: 1, grace: '1m' })
    await new Promise((resolve) => setTimeout(resolve, 10))
    const gate = deferred<string>()
    const running = cache.getOrSet('other', () => gate.promise)
    expect(await cache.getOrSet('k', () => 'new', { timeout: '1s' })).toBe('old')
    gate.resolve('x')
    await running
  })

  test('a call of loadMany is one; a load within a load needs no place of its own', async () => {
    const cache = owned(createCache({ loads: { maxRunning: 1, maxWaiting: 0 } }))
    const keys = Array.from({ length: 50 }, (_, at) => `k${at}`)
    expect(await cache.getOrSetMany(keys, (missing) => missing.map((key) => key))).toEqual(keys)
    const rows = cache.resource({ key: 'row:{id}', loadMany: (list) => list.map(({ id }) => id) })
    expect(await rows.getMany([{ id: 1 }, { id: 2 }])).toEqual([1, 2])
    const outer = await cache.getOrSet('outer', async () => `outer of ${await cache.getOrSet('inner', () => rows.get({ id: 3 }))}`)
    expect(outer).toBe('outer of 3')
    const gate = deferred<string[]>()
    const held = cache.getOrSetMany(['x'], () => gate.promise)
    await expect.poll(() => cache.health().loads?.running).toBe(1)
    await expect(cache.getOrSetMany(['y'], () => [1])).rejects.toMatchObject({ cause: { code: 'TIERCEL_LOAD_REFUSED' } })
    gate.resolve(['x'])
    await held
  })

  test('who waits for a turn and leaves is not loaded for', async () => {
    const cache = owned(createCache({ loads: { maxRunning: 1, maxWaiting: 10 } }))
    const gate = deferred<string>()
    const first = cache.getOrSet('a', () => gate.promise)
    const controller = new AbortController()
    let isCalled = false
    const leaving = cache.getOrSet(
      'b',
      () => {
        isCalled = true
        return 1
      },
      { signal: controller.signal },
    )
    await expect.poll(() => cache.health().loads?.waiting).toBe(1)
    controller.abort(new Error('left'))
    await expect(leaving).rejects.toThrow('left')
    gate.resolve('a')
    await first
    await cache.idle()
    expect(isCalled).toBe(false)
  })

  test.each([{ maxRunning: 0 }, { maxRunning: 1.5 }, { maxWaiting: -1 }])('%j is refused', (loads) => {
    expect(() => createCache({ loads })).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_OPTION' }))
  })
})
