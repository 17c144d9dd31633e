import { describe, expect, test, vi } from 'vitest'
import type { Cache } from '../../src/cache/cache.ts'
import { createCache } from '../../src/cache/create-cache.ts'
import type { BatchLoadContext } from '../../src/cache/loader.ts'
import { BatchError } from '../../src/kernel/errors.ts'
import type { KeyParam } from '../../src/kernel/key-template.ts'
import { tiers } from './tiers.ts'

interface Product {
  readonly id: string
  readonly name: string
}

const product = (id: KeyParam): Product => ({ id: `${id}`, name: `product ${id}` })

describe.each(tiers)('with %s', (_name, create) => {
  test('get reads through', async () => {
    const cache = create()
    const load = vi.fn(({ id }: { readonly id: KeyParam }) => product(id))
    const products = cache.resource({ key: 'product:{id}:details', load })
    expect(await products.get({ id: 7 })).toEqual(product(7))
    await cache.idle()
    expect(await products.get({ id: '7' })).toEqual(product(7))
    expect(load).toHaveBeenCalledTimes(1)
    expect(load.mock.calls[0]?.[0]).toEqual({ id: 7 })
    expect(await cache.get('product:7:details')).toEqual(product(7))
    expect(await cache.get(products.key({ id: 7 }))).toEqual(product(7))
    await cache.close()
  })

  test('every other verb is that of the cache', async () => {
    const cache = create()
    const products = cache.resource({ key: 'product:{id}', load: ({ id }) => product(id) })
    expect(await products.has({ id: 7 })).toBe(false)
    await products.set({ id: 7 }, { id: '7', name: 'set' })
    await products.setMany([
      [{ id: 8 }, { id: '8', name: 'set' }],
      [{ id: 9 }, { id: '9', name: 'set' }],
    ])
    expect(await products.has({ id: 7 })).toBe(true)
    expect((await products.getMany([{ id: 8 }, { id: 7 }, { id: 10 }])).map(({ name }) => name)).toEqual(['set', 'set', 'product 10'])
    await products.delete({ id: 7 })
    await products.deleteMany([{ id: 8 }, { id: 9 }])
    expect(await cache.getMany(['product:7', 'product:8', 'product:9'])).toEqual([undefined, undefined, undefined])
    await cache.close()
  })

  test('expire and forceFresh load the new row, behind a stale one and at once', async () => {
    const cache = create()
    let name = 'first'
    const products = cache.resource({ key: 'product:{id}', grace: '1h', load: ({ id }) => ({ id: `${id}`, name }) })
    expect(await products.get({ id: 7 })).toEqual({ id: '7', name: 'first' })
    await cache.idle()
    name = 'second'
    await products.expire({ id: 7 })
    expect(await products.get({ id: 7 })).toEqual({ id: '7', name: 'first' })
    await cache.idle()
    expect(await products.get({ id: 7 })).toEqual({ id: '7', name: 'second' })
    name = 'third'
    expect(await products.get({ id: 7 }, { forceFresh: true })).toEqual({ id: '7', name: 'third' })
    await cache.close()
  })

  test('gets of one turn are one call of loadMany', async () => {
    const cache = create()
    await cache.set('product:3', product('there'))
    const loadMany = vi.fn(async (list: readonly { readonly id: KeyParam }[]) => list.map(({ id }) => product(id)))
    const products = cache.resource({ key: 'product:{id}', loadMany })
    const all = Promise.all([
      products.get({ id: 1 }),
      products.getMany([{ id: 2 }, { id: 3 }]),
      Promise.resolve().then(() => products.get({ id: 4 })),
      products.get({ id: '1' }),
    ])
    expect(await all).toEqual([product(1), [product(2), product('there')], product(4), product(1)])
    expect(loadMany.mock.calls.map(([list]) => list)).toEqual([[{ id: 1 }, { id: 2 }, { id: 4 }]])
    await products.get({ id: 5 })
    expect(loadMany.mock.calls[1]?.[0]).toEqual([{ id: 5 }])
    await cache.close()
  })

  test('load serves a batch that comes to one key', async () => {
    const cache = create()
    const load = vi.fn(async ({ id }: { readonly id: KeyParam }) => product(id))
    const loadMany = vi.fn(async (list: readonly { readonly id: KeyParam }[]) => list.map(({ id }) => product(id)))
    const products = cache.resource({ key: 'product:{id}', load, loadMany })
    await products.get({ id: 1 })
    expect([load.mock.calls.length, loadMany.mock.calls.length]).toEqual([1, 0])
    await cache.idle()
    await products.getMany([{ id: 1 }, { id: 2 }])
    expect([load.mock.calls.length, loadMany.mock.calls.length]).toEqual([2, 0])
    await products.getMany([{ id: 3 }, { id: 4 }])
    expect([load.mock.calls.length, loadMany.mock.calls.length]).toEqual([2, 1])
    await cache.close()
  })

  test('Maps are matched by parameters, or by the only one', async () => {
    const cache = create()
    const products = cache.resource({
      key: 'product:{id}',
      loadMany: (list) => new Map(list.map(({ id }) => [`${id}`, product(id)])),
    })
    expect(await products.getMany([{ id: 2 }, { id: 1n }])).toEqual([product(2), product(1)])
    const routes = cache.resource({
      key: 'route:{from}:{to}',
      loadMany: (list) => new Map(list.map(({ from, to }) => [{ to, from }, `${from}-${to}`])),
    })
    expect(await routes.getMany([{ from: 'ZRH', to: 'a:b' }])).toEqual(['ZRH-a:b'])
    const wrong = cache.resource({ key: 'wrong:{from}:{to}', loadMany: () => new Map([['ZRH', 1]]) })
    await expect(wrong.get({ from: 'ZRH', to: 'HEL' })).rejects.toMatchObject({
      code: 'TIERCEL_INVALID_BATCH',
      message: 'wrong:{from}:{to}: loadMany returned a Map with the key "ZRH". With several parameters its keys are objects: { from, to }.',
    })
    await cache.close()
  })

  test('a failure of one key loses no other', async () => {
    const cache = create()
    const failure = new Error('2 is broken')
    const products = cache.resource({
      key: 'product:{id}',
      loadMany: (list) => list.map(({ id }) => (id === 2 ? failure : product(id))),
    })
    const error = await products.getMany([{ id: 1 }, { id: 2 }]).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(BatchError)
    expect(error).toMatchObject({ operation: 'product:{id}', cause: failure })
    expect(await products.getMany([{ id: 1 }, { id: 2 }], { partial: true })).toEqual([
      { status: 'fulfilled', value: product(1) },
      { status: 'rejected', reason: failure },
    ])
    await expect(products.get({ id: 2 })).rejects.toBe(failure)
    await cache.close()
  })

  test('nothing that is typed in leaves its place, and loaders see what was typed', async () => {
    const cache = create()
    const load = vi.fn(({ user }: { readonly user: KeyParam }) => `cart of ${user}`)
    const carts = cache.resource({ key: 'user:{user}:cart', load })
    for (const user of ['7', '7:admin', '7:cart', '', '%', '{7}', 'a\nb', '7%3Aadmin'])
      expect(await carts.get({ user })).toBe(`cart of ${user}`)
    expect(load).toHaveBeenCalledTimes(8)
    await cache.close()
  })
})

test('loadMany is handed the context of each key, and a signal of all', async () => {
  const cache = createCache()
  let context: BatchLoadContext | undefined
  const products = cache.resource({
    key: 'product:{id}',
    loadMany: (list, given) => {
      context = given
      void given.signal
      return new Promise<Product[]>(() => list)
    },
  })
  const [one, two] = [new AbortController(), new AbortController()]
  const gets = [products.get({ id: 1 }, { signal: one.signal }), products.getMany([{ id: 2 }], { signal: two.signal })]
  await vi.waitFor(() => expect(context?.entries.map(({ key }) => key)).toEqual(['product:1', 'product:2']))
  one.abort(new Error('left'))
  await expect(gets[0]).rejects.toThrow('left')
  expect(context?.signal.aborted).toBe(false)
  two.abort(new Error('left too'))
  await expect(gets[1]).rejects.toThrow('left too')
  expect(context?.signal.aborted).toBe(true)
})

test("values live as the resource says, or the call's own options", async () => {
  let nowMs = 0
  const cache = createCache({ clock: { monotonicMs: () => nowMs } })
  const products = cache.resource({ key: 'product:{id}', ttl: '1s', load: ({ id }) => `loaded ${id}` })
  await products.get({ id: 1 })
  await products.set({ id: 2 }, 'set')
  await products.set({ id: 3 }, 'set', { ttl: '2s' })
  nowMs = 1_000
  expect([await products.has({ id: 1 }), await products.has({ id: 2 }), await products.has({ id: 3 })]).toEqual([false, false, true])
  await cache.close()
})

test('fields of parameters that the template does not name are not handed to loaders', async () => {
  const cache = createCache()
  const products = cache.resource({ key: 'product:{id}', load: (params) => Object.keys(params) })
  const row = { id: 7, name: 'not part of the key' }
  expect(await products.get(row)).toEqual(['id'])
  await cache.close()
})

describe('two resources of one namespace', () => {
  const load = (): number => 1

  test.each([
    ['product:{id}', 'product:{id}', '"product:{id}" is declared already'],
    ['product:{id}', 'product:{sku}', '"product:{sku}" can produce a key of "product:{id}"'],
    ['x:{a}:y', 'x:z:{b}', '"x:z:{b}" can produce a key of "x:{a}:y"'],
  ])('%s and %s are refused', (first, second, message) => {
    const cache = createCache()
    cache.resource({ key: first, load })
    expect(() => cache.resource({ key: second, load })).toThrow(
      expect.objectContaining({ code: 'TIERCEL_TEMPLATE_CONFLICT', message: expect.stringContaining(message) }),
    )
  })

  test('are told apart by their fields, and in other namespaces', () => {
    const cache = createCache()
    const declare = (where: Cache, key: string) => where.resource({ key, load })
    for (const key of ['product:{id}', 'product:{id}:details', 'product:{id}:stock', 'cart:{id}']) declare(cache, key)
    declare(cache.namespace('tenant'), 'product:{sku}')
    declare(createCache(), 'product:{sku}')
  })

  test('may be of the same definition: a handle for each request', async () => {
    const cache = createCache()
    const definition = { key: 'product:{id}', load: ({ id }: { readonly id: KeyParam }) => product(id) } as const
    const handles = [1, 2].map(() => cache.namespace('tenant').resource(definition))
    expect(await Promise.all(handles.map((products) => products.get({ id: 7 })))).toEqual([product(7), product(7)])
    expect(cache.stats().loads).toBe(1)
    await cache.close()
  })

  test('one that was refused leaves no trace', () => {
    const cache = createCache()
    expect(() => cache.resource({ key: 'product:{id}', load, ttl: -1 })).toThrow()
    cache.resource({ key: 'product:{sku}', load })
  })
})

describe('what is not allowed is refused', () => {
  test.each([
    [{ key: 'Product:{id}', load: () => 1 }, 'TIERCEL_INVALID_TEMPLATE'],
    [{ key: 'product', load: () => 1 }, 'TIERCEL_INVALID_TEMPLATE'],
    [{ load: () => 1 }, 'TIERCEL_INVALID_TEMPLATE'],
    [{ key: 'product:{id}' }, 'TIERCEL_INVALID_LOADER'],
    [{ key: 'product:{id}', load: 7 }, 'TIERCEL_INVALID_LOADER'],
    [{ key: 'product:{id}', load: () => 1, loadMany: {} }, 'TIERCEL_INVALID_LOADER'],
    [{ key: 'product:{id}', load: () => 1, tll: '1m' }, 'TIERCEL_UNKNOWN_OPTION'],
    [{ key: 'product:{id}', load: () => 1, signal: new AbortController().signal }, 'TIERCEL_UNKNOWN_OPTION'],
    [{ key: 'product:{id}', load: () => 1, ttl: 'soon' }, 'TIERCEL_INVALID_DURATION'],
    [{ key: 'product:{id}', loadMany: () => [], batchSize: 0 }, 'TIERCEL_INVALID_OPTION'],
    [undefined, 'TIERCEL_INVALID_OPTION'],
  ] as [unknown, string][])('at construction, case %#', (definition, code) => {
    expect(() => createCache().resource(definition as never)).toThrow(expect.objectContaining({ code }))
  })

  test('by every method, as a rejection', async () => {
    const cache = createCache()
    const products = cache.resource({ key: 'product:{id}', load: ({ id }) => id as number })
    const wrong = {} as { readonly id: number }
    const code = 'TIERCEL_INVALID_KEY'
    expect(() => products.key(wrong)).toThrow(expect.objectContaining({ code }))
    await expect(products.get(wrong)).rejects.toMatchObject({ code })
    await expect(products.get({ id: Number.NaN })).rejects.toMatchObject({ code })
    await expect(products.getMany([{ id: 1 }, { id: Number.NaN }])).rejects.toMatchObject({ code })
    await expect(products.has(wrong)).rejects.toMatchObject({ code })
    await expect(products.set(wrong, 1)).rejects.toMatchObject({ code })
    await expect(products.setMany([[wrong, 1]])).rejects.toMatchObject({ code })
    await expect(products.delete(wrong)).rejects.toMatchObject({ code })
    await expect(products.deleteMany([wrong])).rejects.toMatchObject({ code })
    for (const list of [undefined, 7] as never[]) {
      await expect(products.getMany(list)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION' })
      await expect(products.setMany(list)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION' })
      await expect(products.deleteMany(list)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION' })
    }
    await expect(products.get({ id: 1 }, { ttl: 1 } as never)).rejects.toMatchObject({ code: 'TIERCEL_UNKNOWN_OPTION' })
    await expect(products.getMany([], { ttl: 1 } as never)).rejects.toMatchObject({ code: 'TIERCEL_UNKNOWN_OPTION' })
    await expect(products.set({ id: 1 }, 1, { tll: 1 } as never)).rejects.toMatchObject({ code: 'TIERCEL_UNKNOWN_OPTION' })
    expect(cache.stats().loads).toBe(0)
    await cache.close()
    await expect(products.get({ id: 1 })).rejects.toMatchObject({ code: 'TIERCEL_CLOSED' })
    expect(() => cache.resource({ key: 'other:{id}', load: () => 1 })).toThrow(expect.objectContaining({ code: 'TIERCEL_CLOSED' }))
  })
})
