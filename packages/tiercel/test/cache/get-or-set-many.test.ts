import { describe, expect, test, vi } from 'vitest'
import { createCache } from '../../src/cache/create-cache.ts'
import type { BatchLoader } from '../../src/cache/loader.ts'
import { BatchError } from '../../src/kernel/errors.ts'
import type { Key } from '../../src/kernel/key.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import { eventLog } from './event-log.ts'
import { GatedStore } from './gated-store.ts'
import { tiers } from './tiers.ts'

const keysOf = (...ids: number[]) => ids.map((id) => ['k', id] as const)
/** So long that a test would not end if a key were waited for that does not ask. */
const noWindow = { batchWindow: '1m' } as const
/** Loads tens of the ids. */
const tens = (keys: readonly (readonly ['k', number])[]): number[] => keys.map(([, id]) => id * 10)

describe.each(tiers)('with %s', (_name, create) => {
  test('one call for all that is missing, values in the order of the keys', async () => {
    const cache = create()
    await cache.set(['k', 2], 'there')
    const loadMany = vi.fn(tens)
    expect(await cache.getOrSetMany(keysOf(3, 2, 1, 3), loadMany, noWindow)).toEqual([30, 'there', 10, 30])
    expect(loadMany).toHaveBeenCalledTimes(1)
    expect(loadMany.mock.calls[0]?.[0]).toEqual(keysOf(3, 1))
    await cache.idle()
    expect(await cache.getOrSetMany(keysOf(1, 2, 3), loadMany)).toEqual([10, 'there', 30])
    expect(await cache.get(['k', 3])).toBe(30)
    expect(loadMany).toHaveBeenCalledTimes(1)
    expect(cache.stats()).toMatchObject({ loads: 2, loadErrors: 0 })
    await cache.close()
  })

  test('a failure of one key loses no other', async () => {
    const cache = create()
    const failure = new Error('2 is broken')
    const broken = (keys: readonly (readonly ['k', number])[]): (number | Error)[] => keys.map(([, id]) => (id === 2 ? failure : id * 10))
    const error = await cache.getOrSetMany(keysOf(1, 2, 3), broken, { errorTtl: false }).catch((thrown: unknown) => thrown)
    const expected = [
      { status: 'fulfilled', value: 10 },
      { status: 'rejected', reason: failure },
      { status: 'fulfilled', value: 30 },
    ]
    expect(error).toBeInstanceOf(BatchError)
    expect(error).toMatchObject({ code: 'TIERCEL_BATCH_FAILED', operation: 'getOrSetMany', cause: failure, results: expected })
    expect((error as Error).message).toBe('getOrSetMany: 1 of 3 keys could not be loaded; the first: 2 is broken')
    await cache.idle()
    expect(await cache.getMany(keysOf(1, 2, 3))).toEqual([10, undefined, 30])
    const loadMany = vi.fn(broken)
    expect(await cache.getOrSetMany(keysOf(1, 2, 3), loadMany, { partial: true, errorTtl: false })).toEqual(expected)
    expect(loadMany.mock.calls[0]?.[0]).toEqual(keysOf(2))
    await cache.idle()
    expect(await cache.getOrSetMany(keysOf(1, 2), tens)).toEqual([10, 20])
    await cache.close()
  })

  test('Maps are matched by key, not by identity', async () => {
    const cache = create()
    const byRow: BatchLoader<Key, number, Key> = () =>
      new Map<Key, number>([
        [['k', '2'], 20],
        ['k:1', 10],
        [['other'], 0],
      ])
    expect(await cache.getOrSetMany([['k', 1], 'k:2'], byRow)).toEqual([10, 20])
    await cache.close()
  })

  test('an empty list asks nobody', async () => {
    const cache = create()
    const loadMany = vi.fn()
    expect(await cache.getOrSetMany([], loadMany)).toEqual([])
    expect(await cache.getOrSetMany([], loadMany, { partial: true })).toEqual([])
    expect(loadMany).not.toHaveBeenCalled()
    await cache.close()
  })

  test('more keys than one call takes are split', async () => {
    const cache = create()
    const loadMany = vi.fn(tens)
    const ids = Array.from({ length: 10 }, (_, at) => at)
    expect(await cache.getOrSetMany(keysOf(...ids), loadMany, { batchSize: 4 })).toEqual(ids.map((id) => id * 10))
    expect(loadMany.mock.calls.map(([keys]) => keys.length)).toEqual([4, 4, 2])
    await cache.close()
  })

  test('callers meet in the flights of their keys: alone, and in other batches', async () => {
    const cache = create()
    let finish: () => void = () => undefined
    const held = new Promise<void>((resolve) => (finish = resolve))
    const first = cache.getOrSetMany(keysOf(1, 2), async (keys) => {
      await held
      return tens(keys)
    })
    const loadMany = vi.fn(tens)
    const load = vi.fn(() => -1)
    const [second, single] = [cache.getOrSetMany(keysOf(2, 3), loadMany, noWindow), cache.getOrSet(['k', 1], load)]
    await vi.waitFor(() => expect(loadMany).toHaveBeenCalledTimes(1))
    finish()
    expect(await Promise.all([first, second, single])).toEqual([[10, 20], [20, 30], 10])
    expect(loadMany.mock.calls[0]?.[0]).toEqual(keysOf(3))
    expect(load).not.toHaveBeenCalled()
    expect(cache.stats()).toMatchObject({ loads: 3, loadsJoined: 2 })
    await cache.close()
  })

  test('what cannot be stored fails its own key', async () => {
    const cache = create()
    const results = await cache.getOrSetMany(['a', 'b', 'c'], () => [1, new Date(), undefined], { partial: true })
    expect(results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason.code))).toEqual([
      1,
      'TIERCEL_UNSERIALIZABLE_VALUE',
      'TIERCEL_UNDEFINED_VALUE',
    ])
    await cache.close()
  })

  test('options hold for every key', async () => {
    const cache = create()
    await cache.getOrSetMany(keysOf(1, 2), tens, { ttl: 1 })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await cache.getMany(keysOf(1, 2))).toEqual([undefined, undefined])
    await cache.close()
  })
})

test('an answer of L2 that comes late holds the others for the window, and loads alone', async () => {
  const l2 = new GatedStore()
  const cache = createCache({ l2 })
  const loadMany = vi.fn(tens)
  const slow = l2.get.bind(l2)
  let release: () => void = () => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  vi.spyOn(l2, 'get').mockImplementation(async (key) => {
    if (key.endsWith(':3')) await held
    return slow(key)
  })
  const all = cache.getOrSetMany(keysOf(1, 2, 3), loadMany, { batchWindow: 1 })
  await vi.waitFor(() => expect(loadMany.mock.calls.map(([keys]) => keys)).toEqual([keysOf(1, 2)]))
  release()
  expect(await all).toEqual([10, 20, 30])
  expect(loadMany.mock.calls.map(([keys]) => keys)).toEqual([keysOf(1, 2), keysOf(3)])
  await cache.close()
})

test('a key that is changed after the call is loaded as it was', async () => {
  const l2 = new GatedStore()
  const release = l2.hold('get', 'before')
  const cache = createCache({ l2 })
  const key: [string, number] = ['k', 1]
  const values = cache.getOrSetMany([key], (missing) => missing.map(([, id]) => id))
  key[1] = 2
  release()
  expect(await values).toEqual([1])
  expect(await cache.getMany(['k:1', 'k:2'])).toEqual([1, undefined])
  await cache.close()
})

test('the events of a batch are those of its keys', async () => {
  const cache = createCache({ l2: new GatedStore() })
  await cache.set(['k', 2], 'there')
  const log = eventLog(cache)
  await cache.getOrSetMany(keysOf(1, 2), tens)
  await cache.idle()
  expect(log).toEqual(['read.hit l1', 'read.miss', 'load.started miss', 'load.done', 'write.done'])
  await cache.close()
})

describe('another process that loads', () => {
  test('is waited for, and keeps the other keys from nothing', async () => {
    const store = memoryStore()
    const [here, there] = [createCache({ l2: new GatedStore(store) }), createCache({ l2: new GatedStore(store) })]
    let finish: (value: number) => void = () => undefined
    let begun: () => void = () => undefined
    const isLoading = new Promise<void>((resolve) => (begun = resolve))
    const elsewhere = there.getOrSet(['k', 2], () => {
      begun()
      return new Promise<number>((resolve) => (finish = resolve))
    })
    await isLoading
    const loadMany = vi.fn(tens)
    const all = here.getOrSetMany(keysOf(1, 2, 3), loadMany, { batchWindow: '1m' })
    await expect.poll(() => loadMany.mock.calls.length).toBe(1)
    expect(loadMany.mock.calls[0]?.[0]).toEqual(keysOf(1, 3))
    finish(222)
    await elsewhere
    expect(await all).toEqual([10, 222, 30])
    expect(loadMany).toHaveBeenCalledTimes(1)
    await Promise.all([here.close(), there.close()])
  })

  test('has left what the source does not have: it is not asked for again', async () => {
    const store = memoryStore()
    const [here, there] = [createCache({ l2: new GatedStore(store) }), createCache({ l2: new GatedStore(store) })]
    const loadMany: BatchLoader<Key, number | undefined, Key> = (keys, { entries }) =>
      keys.map((_, at) => (at === 0 ? 10 : entries[at]?.absent()))
    expect(await here.getOrSetMany(keysOf(1, 2), loadMany)).toEqual([10, undefined])
    await here.idle()
    const again = vi.fn(tens)
    expect(await there.getOrSetMany(keysOf(1, 2), again)).toEqual([10, undefined])
    expect(again).not.toHaveBeenCalled()
    await Promise.all([here.close(), there.close()])
  })
})

describe('callers who leave', () => {
  test('reject with their reason; the load is aborted when no key is wanted any more', async () => {
    const cache = createCache()
    const [first, second] = [new AbortController(), new AbortController()]
    let signal: AbortSignal | undefined
    const loadMany: BatchLoader<Key, number, Key> = (_keys, context) => {
      signal = context.signal
      return new Promise(() => undefined)
    }
    const leaving = cache.getOrSetMany(keysOf(1, 2), loadMany, { signal: first.signal })
    const staying = cache.getOrSetMany(keysOf(2), loadMany, { signal: second.signal, partial: true })
    first.abort(new Error('left'))
    await expect(leaving).rejects.toThrow('left')
    expect(signal?.aborted).toBe(false)
    second.abort(new Error('left too'))
    await expect(staying).rejects.toThrow('left too')
    expect(signal?.aborted).toBe(true)
  })

  test('before the call ask nobody', async () => {
    const cache = createCache()
    const loadMany = vi.fn()
    await expect(cache.getOrSetMany(['k'], loadMany, { signal: AbortSignal.abort(new Error('left')) })).rejects.toThrow('left')
    expect(loadMany).not.toHaveBeenCalled()
    await cache.close()
  })
})

test('a batch under way when the cache is closed is finished', async () => {
  const cache = createCache({ l2: new GatedStore() })
  const values = cache.getOrSetMany(['k'], async (keys) => new Map(keys.map((key) => [key, 1])))
  await cache.close()
  expect(await values).toEqual([1])
  await expect(cache.getOrSetMany(['k'], () => [1])).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
})

test('an error that is printed does not show the values', async () => {
  const cache = createCache()
  const error = await cache.getOrSetMany(['a', 'b'], () => ['secret', new Error('no')]).catch((thrown: unknown) => thrown)
  expect(Object.keys(error as object)).not.toContain('results')
  expect(JSON.stringify(error)).not.toContain('secret')
  await cache.close()
})

test.each([
  [['not an array', () => []], 'TIERCEL_INVALID_OPTION'],
  [[['a:'], () => []], 'TIERCEL_INVALID_KEY'],
  [[['a', ['b', Number.NaN]], () => []], 'TIERCEL_INVALID_KEY'],
  [[['a'], undefined], 'TIERCEL_INVALID_LOADER'],
  [[['a'], () => [], { batchsize: 1 }], 'TIERCEL_UNKNOWN_OPTION'],
  [[['a'], () => [], { batchSize: 0 }], 'TIERCEL_INVALID_OPTION'],
  [[['a'], () => [], { batchSize: 100_001 }], 'TIERCEL_INVALID_OPTION'],
  [[['a'], () => [], { batchWindow: 0 }], 'TIERCEL_INVALID_DURATION'],
  [[['a'], () => [], { batchWindow: '61s' }], 'TIERCEL_INVALID_DURATION'],
  [[['a'], () => [], { ttl: -1 }], 'TIERCEL_INVALID_DURATION'],
  [[['a'], () => [], { partial: 1 }], 'TIERCEL_INVALID_OPTION'],
  [[['a'], () => [], { signal: {} }], 'TIERCEL_INVALID_OPTION'],
  [[['a'], () => [], null], 'TIERCEL_INVALID_OPTION'],
])('case %#: what is not allowed is refused before anything is read', async ([keys, loadMany, options], code) => {
  const l2 = new GatedStore()
  const cache = createCache({ l2 })
  await expect(cache.getOrSetMany(keys as never, loadMany as never, options as never)).rejects.toMatchObject({ code })
  expect(l2.calls).toEqual([])
  await cache.close()
})
