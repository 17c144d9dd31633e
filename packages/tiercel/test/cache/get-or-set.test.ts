import { describe, expect, test, vi } from 'vitest'
import { createCache } from '../../src/cache/create-cache.ts'
import { eventLog } from './event-log.ts'
import { GatedStore } from './gated-store.ts'
import { tiers } from './tiers.ts'

describe.each(tiers)('with %s', (_name, create) => {
  test('minus zero is what its readers will get', async () => {
    const cache = create()
    expect(await cache.getOrSet('z', () => -0)).toBe(0)
    await cache.idle()
    expect(await cache.get('z')).toBe(0)
    await cache.close()
  })

  test('a thousand callers, one load', async () => {
    const cache = create()
    const load = vi.fn(async () => ({ id: 7 }))
    const values = await Promise.all(Array.from({ length: 1_000 }, () => cache.getOrSet(['product', 7], load)))
    expect(load).toHaveBeenCalledTimes(1)
    expect(new Set(values.map((value) => JSON.stringify(value)))).toEqual(new Set(['{"id":7}']))
    expect(cache.stats()).toMatchObject({ loads: 1, loadsJoined: 999, loadErrors: 0 })
    await cache.close()
  })

  test('what was loaded is found by every verb', async () => {
    const cache = create()
    await cache.getOrSet('product:7', () => ({ id: 7 }))
    await cache.idle()
    expect(await cache.get('product:7')).toEqual({ id: 7 })
    expect(await cache.get(['product', '7'])).toEqual({ id: 7 })
    expect(await cache.has('product:7')).toBe(true)
    expect(await cache.getMany(['product:8', ['product', 7]])).toEqual([undefined, { id: 7 }])
    expect(await cache.getOrSet('product:7', () => ({ id: 8 }))).toEqual({ id: 7 })
    await cache.close()
  })

  test('an error is shared once, and not kept where errorTtl is off', async () => {
    const cache = create()
    const failure = new Error('the source is down')
    const load = vi.fn(async () => Promise.reject(failure))
    const options = { errorTtl: false } as const
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => cache.getOrSet('k', load, options)))
    expect(load).toHaveBeenCalledTimes(1)
    for (const result of results) expect(result).toEqual({ status: 'rejected', reason: failure })
    await cache.idle()
    expect(await cache.getOrSet('k', () => 'fine', options)).toBe('fine')
    expect(cache.stats()).toMatchObject({ loads: 2, loadErrors: 1 })
    await cache.close()
  })

  test('a loader that throws at once is like one that rejects', async () => {
    const cache = create()
    const failure = new Error('no')
    await expect(
      cache.getOrSet('k', () => {
        throw failure
      }),
    ).rejects.toBe(failure)
    await cache.close()
  })

  test.each([null, 0, '', false, [], {}, 'text', 1.5, { a: { b: [1, null] } }])('%j is a value', async (value) => {
    const cache = create()
    expect(await cache.getOrSet('k', () => value)).toEqual(value)
    await cache.idle()
    const load = vi.fn()
    expect(await cache.getOrSet('k', load)).toEqual(value)
    expect(await cache.get('k')).toEqual(value)
    expect(await cache.has('k')).toBe(true)
    expect(load).not.toHaveBeenCalled()
    await cache.close()
  })

  test('undefined from a loader is refused', async () => {
    const cache = create()
    await expect(cache.getOrSet('k', () => undefined)).rejects.toMatchObject({
      code: 'TIERCEL_UNDEFINED_VALUE',
      key: 'k',
      operation: 'getOrSet',
    })
    expect(await cache.has('k')).toBe(false)
    await cache.close()
  })

  test('what cannot be brought back is refused, and nothing is kept', async () => {
    const cache = create()
    await expect(cache.getOrSet('k', () => ({ at: new Date() }))).rejects.toMatchObject({ code: 'TIERCEL_UNSERIALIZABLE_VALUE' })
    expect(await cache.has('k')).toBe(false)
    await cache.close()
  })
})

describe('callers who leave', () => {
  test('leave alone: the others get the value', async () => {
    const cache = createCache()
    const controllers = Array.from({ length: 10 }, () => new AbortController())
    let finish: (value: string) => void = () => undefined
    let loaderSignal: AbortSignal | undefined
    const calls = controllers.map(({ signal }) =>
      cache.getOrSet(
        'k',
        (ctx) => {
          loaderSignal = ctx.signal
          return new Promise<string>((resolve) => (finish = resolve))
        },
        { signal },
      ),
    )
    for (const controller of controllers.slice(0, 9)) controller.abort(new Error('left'))
    for (const call of calls.slice(0, 9)) await expect(call).rejects.toThrow('left')
    expect(loaderSignal?.aborted).toBe(false)
    finish('value')
    expect(await calls[9]).toBe('value')
    await cache.close()
  })

  test('abort the loader when all of them left, and the next caller starts anew', async () => {
    const cache = createCache()
    const log = eventLog(cache)
    const [a, b] = [new AbortController(), new AbortController()]
    let finish: (value: string) => void = () => undefined
    let loaderSignal: AbortSignal | undefined
    const load = (ctx: { signal: AbortSignal }): Promise<string> => {
      loaderSignal = ctx.signal
      return new Promise((resolve) => (finish = resolve))
    }
    const calls = [cache.getOrSet('k', load, { signal: a.signal }), cache.getOrSet('k', load, { signal: b.signal })]
    a.abort()
    b.abort()
    await Promise.allSettled(calls)
    expect(loaderSignal?.aborted).toBe(true)
    const late = finish
    expect(await cache.getOrSet('k', () => 'new')).toBe('new')
    late('old')
    await cache.idle()
    expect(await cache.get('k')).toBe('new')
    expect(log).toContain('write.dropped abandoned')
    await cache.close()
  })

  test('one without a signal never leaves', async () => {
    const cache = createCache()
    const controller = new AbortController()
    let loaderSignal: AbortSignal | undefined
    let finish: (value: string) => void = () => undefined
    const load = (ctx: { signal: AbortSignal }): Promise<string> => {
      loaderSignal = ctx.signal
      return new Promise((resolve) => (finish = resolve))
    }
    const leaving = cache.getOrSet('k', load, { signal: controller.signal })
    const staying = cache.getOrSet('k', load)
    controller.abort()
    await expect(leaving).rejects.toThrow()
    expect(loaderSignal?.aborted).toBe(false)
    finish('value')
    expect(await staying).toBe('value')
    await cache.close()
  })

  test('before they came start nothing', async () => {
    const cache = createCache()
    const load = vi.fn()
    await expect(cache.getOrSet('k', load, { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone')
    expect(load).not.toHaveBeenCalled()
    await cache.close()
  })

  test('while L2 is asked keep the loader from being called', async () => {
    const l2 = new GatedStore()
    const cache = createCache({ l2 })
    const release = l2.hold('get', 'before')
    const controller = new AbortController()
    const load = vi.fn(() => 1)
    const call = cache.getOrSet('k', load, { signal: controller.signal })
    controller.abort()
    await expect(call).rejects.toThrow()
    release()
    await cache.idle()
    expect(load).not.toHaveBeenCalled()
    await cache.close()
  })
})

describe('a load that was overtaken', () => {
  const verbs = [
    ['delete', (cache: ReturnType<typeof createCache>) => cache.delete('k'), undefined],
    ['deleteMany', (cache: ReturnType<typeof createCache>) => cache.deleteMany(['k']), undefined],
    ['set', (cache: ReturnType<typeof createCache>) => cache.set('k', 'set'), 'set'],
    ['setMany', (cache: ReturnType<typeof createCache>) => cache.setMany([['k', 'set']]), 'set'],
  ] as const

  test.each(verbs)('by %s is given to its callers and stored nowhere', async (_verb, write, after) => {
    const cache = createCache({ l2: new GatedStore() })
    let finish: (value: string) => void = () => undefined
    let begun: () => void = () => undefined
    const isLoading = new Promise<void>((resolve) => (begun = resolve))
    const call = cache.getOrSet('k', () => {
      begun()
      return new Promise<string>((resolve) => (finish = resolve))
    })
    await isLoading
    await write(cache)
    finish('old')
    expect(await call).toBe('old')
    await cache.idle()
    expect(await cache.get('k')).toBe(after)
    expect(cache.stats().writesDropped).toBe(1)
    await cache.close()
  })

  test('is not joined by who comes after the write', async () => {
    const cache = createCache()
    let finish: (value: string) => void = () => undefined
    const old = cache.getOrSet('k', () => new Promise<string>((resolve) => (finish = resolve)))
    await cache.delete('k')
    expect(await cache.getOrSet('k', () => 'new')).toBe('new')
    finish('old')
    expect(await old).toBe('old')
    expect(await cache.get('k')).toBe('new')
    await cache.close()
  })

  test('in another process by a set does not overwrite it', async () => {
    const l2 = new GatedStore()
    const [here, there] = [createCache({ l2 }), createCache({ l2 })]
    const log = eventLog(here)
    let finish: (value: string) => void = () => undefined
    let begun: () => void = () => undefined
    const isLoading = new Promise<void>((resolve) => (begun = resolve))
    const call = here.getOrSet('k', () => {
      begun()
      return new Promise<string>((resolve) => (finish = resolve))
    })
    await isLoading
    await there.set('k', 'newer')
    finish('older')
    await call
    await here.idle()
    expect(log).toContain('write.dropped revoked')
    expect(await createCache({ l1: false, l2 }).get('k')).toBe('newer')
  })
})

describe('the trace of', () => {
  const traced = (): { cache: ReturnType<typeof createCache>; log: string[]; l2: GatedStore } => {
    const l2 = new GatedStore()
    const cache = createCache({ l2 })
    return { cache, l2, log: eventLog(cache) }
  }

  test('a miss', async () => {
    const { cache, log } = traced()
    await cache.getOrSet('k', () => 1)
    await cache.idle()
    expect(log).toEqual(['read.miss', 'load.started miss', 'load.done', 'write.done'])
  })

  test('an L1 hit', async () => {
    const { cache, log } = traced()
    await cache.set('k', 1)
    log.length = 0
    await cache.getOrSet('k', () => 2)
    expect(log).toEqual(['read.hit l1'])
  })

  test('an L2 hit, which fills L1', async () => {
    const { l2 } = traced()
    await createCache({ l2 }).set('k', 1)
    const cache = createCache({ l2 })
    const log = eventLog(cache)
    await cache.getOrSet('k', () => 2)
    await cache.getOrSet('k', () => 2)
    expect(log).toEqual(['read.hit l2', 'read.hit l1'])
  })

  test('a failed load', async () => {
    const { cache, log } = traced()
    await expect(cache.getOrSet('k', () => Promise.reject(new Error('x')))).rejects.toThrow('x')
    expect(log).toEqual(['read.miss', 'load.started miss', 'load.failed'])
  })

  test('a server that is away', async () => {
    const { cache, log, l2 } = traced()
    const { StoreError } = await import('../../src/kernel/errors.ts')
    l2.fail('get', new StoreError('TIERCEL_STORE_UNAVAILABLE', 'away'))
    expect(await cache.getOrSet('k', () => 1)).toBe(1)
    await cache.idle()
    expect(log).toEqual(['store.failed read', 'read.miss', 'load.started miss', 'load.done'])
    // The entry, and in the same turn the token of its namespace.
    expect(l2.calls).toEqual(['get', 'get'])
  })
})
