import { describe, expectTypeOf, test } from 'vitest'
import type { Cache, KeyParam, KeyParams, KeyPart, Resource, Source, WritableResource, WriteOutcome } from '../../src/index.ts'

interface Product {
  readonly id: number
  readonly name: string
}

declare const db: {
  product(id: KeyParam): Promise<Product | null>
  products(ids: readonly KeyParam[]): Promise<Product[]>
}

/** Never called: only its types matter. */
function neverRun(look: (cache: Cache) => unknown): void {
  expectTypeOf(look).toBeFunction()
}

describe('parameters', () => {
  test('come from the template', () => {
    expectTypeOf<KeyParams<'product:{id}:details'>>().toEqualTypeOf<{ readonly id: KeyParam }>()
    expectTypeOf<KeyParams<'route:{from}:{to}'>>().toEqualTypeOf<{ readonly from: KeyParam; readonly to: KeyParam }>()
    expectTypeOf<KeyParams<string>>().toEqualTypeOf<Readonly<Record<string, KeyParam>>>()
  })
})

describe('a resource', () => {
  test('has the type of its loader', () => {
    neverRun((cache) => {
      const products = cache.resource({ key: 'product:{id}', load: ({ id }, { signal }) => (signal.aborted ? null : db.product(id)) })
      expectTypeOf(products).toEqualTypeOf<Resource<'product:{id}', Product | null>>()
      expectTypeOf(products.get({ id: 7n })).toEqualTypeOf<Promise<Product | null>>()
      expectTypeOf(products.key({ id: '7' })).toEqualTypeOf<readonly KeyPart[]>()
      expectTypeOf(products.getMany([{ id: 1 }])).toEqualTypeOf<Promise<(Product | null)[]>>()
      expectTypeOf(products.getMany([], { partial: true })).toEqualTypeOf<Promise<PromiseSettledResult<Product | null>[]>>()
      // @ts-expect-error the template names id
      void products.get({ sku: 7 })
      // @ts-expect-error a parameter is text or a number
      void products.get({ id: true })
      // @ts-expect-error not a product
      void products.set({ id: 7 }, 'seven')
    })
  })

  test('that writes has outcomes, and takes what its loader gives, but for null', () => {
    neverRun((cache) => {
      const store = async (_: { id: KeyParam }, row: Product): Promise<void> => void row
      const loaded = cache.resource({
        key: 'product:{id}',
        load: ({ id }) => db.product(id),
        write: { mode: 'through', store: (params, row) => store(params, row) },
      })
      expectTypeOf(loaded).toEqualTypeOf<WritableResource<'product:{id}', Product | null>>()
      expectTypeOf(loaded.set({ id: 7 }, { id: 7, name: 'x' })).toEqualTypeOf<Promise<WriteOutcome>>()
      expectTypeOf(loaded.remove({ id: 7 })).toEqualTypeOf<Promise<WriteOutcome>>()
      expectTypeOf(loaded.setMany([], { partial: true })).toEqualTypeOf<Promise<PromiseSettledResult<WriteOutcome>[]>>()
      // @ts-expect-error null is removed, not written
      void loaded.set({ id: 7 }, null)
      // @ts-expect-error there is no such mode
      cache.resource({ key: 'product:{id}', load: ({ id }) => db.product(id), write: { mode: 'around', store } })
      const source: Source<{ readonly id: KeyParam }, Product | null> = { load: ({ id }) => db.product(id), store }
      const sourced = cache.resource({ key: 'product:{id}', source, write: { mode: 'through' } })
      expectTypeOf(sourced).toEqualTypeOf<WritableResource<'product:{id}', Product | null>>()
      expectTypeOf(cache.resource({ key: 'product:{id}', source }).get({ id: 7 })).toEqualTypeOf<Promise<Product | null>>()
    })
  })

  test('has the type of loadMany: arrays, Maps, errors, promises', () => {
    neverRun((cache) => {
      const arrays = cache.resource({ key: 'a:{id}', loadMany: (list) => db.products(list.map(({ id }) => id)) })
      expectTypeOf(arrays.get({ id: 1 })).toEqualTypeOf<Promise<Product>>()
      const maps = cache.resource({
        key: 'm:{id}',
        loadMany: async (list) => new Map((await db.products(list.map(({ id }) => id))).map((row) => [row.id, row])),
      })
      expectTypeOf(maps.get({ id: 1 })).toEqualTypeOf<Promise<Product>>()
      const errors = cache.resource({ key: 'e:{id}', loadMany: (list) => list.map(({ id }) => (id === 0 ? new Error('no') : Number(id))) })
      expectTypeOf(errors.get({ id: 1 })).toEqualTypeOf<Promise<number>>()
      const promises = cache.resource({ key: 'p:{id}', loadMany: (list) => list.map(({ id }) => db.product(id)) })
      expectTypeOf(promises.get({ id: 1 })).toEqualTypeOf<Promise<Product | null>>()
      const both = cache.resource({
        key: 'b:{id}',
        ttl: '1h',
        load: ({ id }) => db.product(id),
        loadMany: (list, { signal, entries }) => (signal.aborted || entries.length === 0 ? [] : db.products(list.map(({ id }) => id))),
      })
      expectTypeOf(both.get({ id: 1 })).toEqualTypeOf<Promise<Product | null>>()
    })
  })

  test('needs a loader', () => {
    neverRun((cache) => {
      // @ts-expect-error neither load nor loadMany
      cache.resource({ key: 'product:{id}' })
    })
  })
})

test('getOrSetMany has the type of its loader', () => {
  neverRun((cache) => {
    const keys = [1, 2].map((id) => ['product', id] as const)
    const products = cache.getOrSetMany(keys, (missing) => db.products(missing.map(([, id]) => id)))
    expectTypeOf(products).toEqualTypeOf<Promise<Product[]>>()
    const texts = cache.getOrSetMany(['a', 'b'], async (missing) => new Map(missing.map((key) => [key, key.length])), { ttl: '1m' })
    expectTypeOf(texts).toEqualTypeOf<Promise<number[]>>()
    const partial = cache.getOrSetMany(['a', 'b'], (missing) => missing.map((key) => (key === 'b' ? new Error('no') : key.length)), {
      partial: true,
    })
    // @ts-expect-error whether results are partial is known when it is written, or their type would not be
    void cache.getOrSetMany(['a'], () => [1], { partial: Math.random() > 0.5 })
    expectTypeOf(partial).toEqualTypeOf<Promise<PromiseSettledResult<number>[]>>()
  })
})

test('a memoized function has the parameters of its function', () => {
  neverRun((cache) => {
    const forecast = cache.memoize(async (airport: string, at: Date, unit?: 'C' | 'F') => ({ airport, at: +at, unit }), {
      name: 'forecast',
    })
    expectTypeOf(forecast).parameters.toEqualTypeOf<[airport: string, at: Date, unit?: 'C' | 'F' | undefined]>()
    expectTypeOf(forecast('ZRH', new Date()).then(({ at }) => at)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(forecast.delete).parameters.toEqualTypeOf<[airport: string, at: Date, unit?: 'C' | 'F' | undefined]>()
    // @ts-expect-error a Date is needed
    void forecast('ZRH', 7)
  })
})
