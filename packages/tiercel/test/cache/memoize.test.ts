import { describe, expect, test, vi } from 'vitest'
import { createCache } from '../../src/cache/create-cache.ts'
import { GatedStore } from './gated-store.ts'
import { tiers } from './tiers.ts'

describe.each(tiers)('with %s', (_name, create) => {
  test('calls with equal arguments are one call', async () => {
    const cache = create()
    const fn = vi.fn(async (airport: string, options: { readonly days: number; readonly unit?: string }) => ({ airport, ...options }))
    const forecast = cache.memoize(fn, { name: 'weather:forecast' })
    const results = await Promise.all([forecast('ZRH', { days: 3, unit: 'C' }), forecast('ZRH', { unit: 'C', days: 3 })])
    expect(results).toEqual([
      { airport: 'ZRH', days: 3, unit: 'C' },
      { airport: 'ZRH', days: 3, unit: 'C' },
    ])
    await cache.idle()
    await forecast('ZRH', { days: 3, unit: 'C' })
    expect(fn).toHaveBeenCalledTimes(1)
    expect(fn).toHaveBeenCalledWith('ZRH', { days: 3, unit: 'C' })
    await forecast('ZRH', { days: 4 })
    expect(fn).toHaveBeenCalledTimes(2)
    await cache.close()
  })

  test('calls with arguments of other types are other calls', async () => {
    const cache = create()
    const fn = vi.fn((...args: unknown[]) => args.length)
    const count = cache.memoize(fn, { name: 'count' })
    const calls: unknown[][] = [
      [1],
      ['1'],
      [1n],
      [true],
      [0],
      [-0],
      [Number.NaN],
      [null],
      [undefined],
      [],
      [new Date(1)],
      [new Map([[1, 2]])],
      [new Set([1])],
    ]
    for (const args of calls) await count(...args)
    await cache.idle()
    for (const args of calls) await count(...args)
    expect(fn).toHaveBeenCalledTimes(calls.length)
    await cache.close()
  })

  test('delete makes the next call count', async () => {
    const cache = create()
    let version = 0
    const rate = cache.memoize((from: string, to: string) => `${from}/${to} ${(version += 1)}`, { name: 'rate' })
    expect(await rate('CHF', 'EUR')).toBe('CHF/EUR 1')
    await cache.idle()
    await rate.delete('CHF', 'EUR')
    expect(await rate('CHF', 'EUR')).toBe('CHF/EUR 2')
    expect(rate.key('CHF', 'EUR')).toEqual(['rate', '("CHF","EUR")'])
    await cache.idle()
    expect(await cache.get(rate.key('CHF', 'EUR'))).toBe('CHF/EUR 2')
    await cache.close()
  })

  test('arguments whose text is long are kept apart, also on the server', async () => {
    const cache = create()
    const fn = vi.fn((text: string) => text.length)
    const length = cache.memoize(fn, { name: 'length' })
    const long = 'x'.repeat(5_000)
    expect([await length(`${long}a`), await length(`${long}bc`)]).toEqual([5_001, 5_002])
    await cache.idle()
    expect([await length(`${long}a`), await length(`${long}bc`)]).toEqual([5_001, 5_002])
    expect(fn).toHaveBeenCalledTimes(2)
    await expect(length('x'.repeat(70_000))).rejects.toMatchObject({ code: 'TIERCEL_INVALID_KEY' })
    await cache.close()
  })

  test("the function's own error passes unchanged and is not kept", async () => {
    const cache = create()
    const failure = new Error('no')
    const fn = vi.fn(async (): Promise<number> => Promise.reject(failure))
    const failing = cache.memoize(fn, { name: 'failing', errorTtl: false })
    await expect(failing()).rejects.toBe(failure)
    await cache.idle()
    await expect(failing()).rejects.toBe(failure)
    expect(fn).toHaveBeenCalledTimes(2)
    await cache.close()
  })
})

test('arguments that are changed before the function is called with them store nothing', async () => {
  const l2 = new GatedStore()
  const release = l2.hold('get', 'before')
  const cache = createCache({ l2 })
  const fn = vi.fn((filter: { readonly city: string }) => filter.city)
  const search = cache.memoize(fn, { name: 'search' })
  const filter = { city: 'Zürich' }
  const call = search(filter)
  filter.city = 'Bern'
  release()
  await expect(call).rejects.toMatchObject({ code: 'TIERCEL_INVALID_ARGUMENT' })
  expect(fn).not.toHaveBeenCalled()
  expect(await search({ city: 'Zürich' })).toBe('Zürich')
  await cache.close()
})

test('this is not passed on: it is no part of the key', async () => {
  const cache = createCache()
  const seen: unknown[] = []
  const host = {
    look: cache.memoize(
      function (this: unknown) {
        seen.push(this)
        return 1
      },
      { name: 'look' },
    ),
  }
  await host.look()
  expect(seen).toEqual([undefined])
  await cache.close()
})

describe('names', () => {
  test('are taken once, from resources too; by the same function as often as it likes', async () => {
    const cache = createCache()
    const fn = (id: number): number => id * 2
    const [first, second] = [cache.memoize(fn, { name: 'double' }), cache.memoize(fn, { name: 'double' })]
    expect(await Promise.all([first(2), second(2)])).toEqual([4, 4])
    const conflict = expect.objectContaining({ code: 'TIERCEL_TEMPLATE_CONFLICT' })
    expect(() => cache.memoize(() => 1, { name: 'double' })).toThrow(conflict)
    expect(() => cache.resource({ key: 'double:{id}', load: () => 1 })).toThrow(conflict)
    cache.memoize(() => 1, { name: 'double:of' })
    cache.namespace('tenant').memoize(() => 1, { name: 'double' })
    await cache.close()
  })

  test.each([
    [() => 1, { name: 'Forecast' }, 'TIERCEL_INVALID_TEMPLATE'],
    [() => 1, { name: 'forecast:' }, 'TIERCEL_INVALID_TEMPLATE'],
    [() => 1, { name: 'forecast:{id}' }, 'TIERCEL_INVALID_TEMPLATE'],
    [() => 1, {}, 'TIERCEL_INVALID_TEMPLATE'],
    [() => 1, undefined, 'TIERCEL_INVALID_OPTION'],
    [undefined, { name: 'forecast' }, 'TIERCEL_INVALID_LOADER'],
    [() => 1, { name: 'forecast', ttl: 0 }, 'TIERCEL_INVALID_DURATION'],
    [() => 1, { name: 'forecast', signal: undefined }, 'TIERCEL_UNKNOWN_OPTION'],
  ])('and options are checked at once, case %#', (fn, options, code) => {
    expect(() => createCache().memoize(fn as never, options as never)).toThrow(expect.objectContaining({ code }))
  })

  test('are in the message of a refused argument', async () => {
    const cache = createCache()
    const apply = cache.memoize((_fn: () => void, _n: number) => 1, { name: 'apply' })
    await expect(apply(() => undefined, 1)).rejects.toMatchObject({
      code: 'TIERCEL_INVALID_ARGUMENT',
      message: expect.stringContaining('apply: argument 1 is a function'),
    })
    expect(() => apply.key(() => undefined, 1)).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_ARGUMENT' }))
    await expect(apply.delete(() => undefined, 1)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_ARGUMENT' })
    await cache.close()
  })
})
