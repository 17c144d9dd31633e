import { describe, expect, test, vi } from 'vitest'
import type { Cache } from '../../src/cache/cache.ts'
import { type CacheOptions, createCache } from '../../src/cache/create-cache.ts'
import { fenceByte } from '../../src/codecs/fence.ts'
import { StoreError } from '../../src/kernel/errors.ts'
import type { Source } from '../../src/sources/source.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import type { Store } from '../../src/stores/store.ts'
import { deferred } from './deferred.ts'
import { GatedStore } from './gated-store.ts'
import { closedAfterEach } from './owned.ts'
import { tiers } from './tiers.ts'

interface Product {
  readonly name: string
}
type Params = { readonly id: string | number | bigint }

const owned = closedAfterEach()
const key = 'product:{id}'
const stored = 'tc1:e::product:1'
const [old, fresh, newer] = [{ name: 'old' }, { name: 'new' }, { name: 'newer' }]
const away = new StoreError('TIERCEL_STORE_UNAVAILABLE', 'away')

/** Rows in this process, and how often each was asked for. */
function rows(...first: Product[]) {
  const table = new Map(first.map((row, at) => [String(at + 1), row] as const))
  const source = {
    load: vi.fn(async ({ id }: Params) => table.get(String(id)) ?? null),
    store: vi.fn(async ({ id }: Params, row: Product): Promise<void> => void table.set(String(id), row)),
    remove: vi.fn(async ({ id }: Params) => void table.delete(String(id))),
  } satisfies Source<Params, Product | null>
  return { table, source }
}

function productsOf(cache: Cache, source: Source<Params, Product | null>) {
  return cache.resource({ key, source, ttl: '5m', write: { mode: 'through' } })
}

function processes(count: number, options: CacheOptions = {}) {
  const l2 = new GatedStore()
  return { l2, caches: Array.from({ length: count }, () => owned(createCache({ l2, ...options }))) }
}

describe.each(tiers)('%s', (_, create) => {
  test('the source has a value before the cache, which then needs no load', async () => {
    const cache = owned(create())
    const { table, source } = rows(old)
    const products = productsOf(cache, source)
    expect(await products.get({ id: 1 })).toEqual(old)
    const outcome = await products.set({ id: 1 }, fresh)
    expect(outcome).toEqual({ source: 'committed', sequence: undefined, durability: 'source', cache: 'stored' })
    expect(table.get('1')).toEqual(fresh)
    expect(await products.get({ id: 1 })).toEqual(fresh)
    expect(source.load).toHaveBeenCalledOnce()
    expect(source.store.mock.calls).toEqual([[{ id: 1 }, fresh, { sequence: undefined, signal: expect.any(AbortSignal) }]])
    expect(cache.stats().sourceWrites).toBe(1)
  })

  test('what is removed is gone from both', async () => {
    const cache = owned(create())
    const { table, source } = rows(old)
    const products = productsOf(cache, source)
    await products.get({ id: 1 })
    expect(await products.remove({ id: 1 })).toMatchObject({ source: 'committed', cache: 'deleted' })
    expect(table.size).toBe(0)
    expect(await products.get({ id: 1 })).toBeNull()
  })

  test('where the source refuses, the error is its own, and nothing is cached', async () => {
    const cache = owned(create())
    const { source } = rows(old)
    const products = productsOf(cache, source)
    await products.get({ id: 1 })
    const refusal = new Error('duplicate name')
    source.store.mockRejectedValueOnce(refusal)
    await expect(products.set({ id: 1 }, fresh)).rejects.toBe(refusal)
    expect(await cache.get(products.key({ id: 1 }))).toBeUndefined()
    expect(await products.get({ id: 1 })).toEqual(old)
  })

  test('of two that overlap neither is cached: nobody knows which the source took last', async () => {
    const cache = owned(create())
    const { table, source } = rows(old)
    const products = productsOf(cache, source)
    const slow = deferred<undefined>()
    source.store.mockImplementationOnce(async ({ id }, row) => {
      await slow.promise
      table.set(String(id), row)
    })
    const first = products.set({ id: 1 }, fresh)
    await vi.waitFor(() => expect(source.store).toHaveBeenCalledOnce())
    await products.set({ id: 1 }, newer)
    slow.resolve(undefined)
    expect((await first).cache).toBe('deleted')
    expect(await products.get({ id: 1 })).toEqual(fresh)
  })

  test('a batch is one call of the source, and says of each key what became of it', async () => {
    const cache = owned(create())
    const { table, source } = rows()
    const storeMany = vi.fn(async (writes: readonly { params: Params; value: Product }[]) =>
      writes.map(({ params, value }) => (value.name === 'bad' ? new Error(`bad ${params.id}`) : void table.set(String(params.id), value))),
    )
    const products = cache.resource({ key, source: { ...source, storeMany }, write: { mode: 'through' } })
    const names = ['a', 'bad', 'c']
    const entries = names.map((name, at) => [{ id: at }, { name }] as const)
    const results = await products.setMany(entries, { partial: true })
    expect(storeMany).toHaveBeenCalledOnce()
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await Promise.all(names.map((__, id) => cache.get(products.key({ id }))))).toEqual([{ name: 'a' }, undefined, { name: 'c' }])
    await expect(products.setMany(entries)).rejects.toMatchObject({
      code: 'TIERCEL_BATCH_FAILED',
      message: expect.stringMatching(/1 of 3 keys could not be written; the first: bad 1/),
    })
    expect(await products.setMany(entries.slice(0, 1))).toMatchObject([{ cache: 'stored' }])
    expect(await products.setMany([])).toEqual([])
  })

  test('a batch whose source has only store, or fails as a whole, or is larger than a call may be', async () => {
    const cache = owned(create())
    const { table, source } = rows()
    const entries = [1, 2, 3].map((id) => [{ id }, { name: `n${id}` }] as const)
    expect(await productsOf(cache, source).setMany(entries)).toHaveLength(3)
    expect(table.size).toBe(3)
    const storeMany = vi.fn((_writes: readonly unknown[]): Promise<void> => Promise.reject(new Error('all of it')))
    const all = cache.namespace('all').resource({ key, load: source.load, batchSize: 2, write: { mode: 'through', storeMany } })
    const settled = await all.setMany(entries, { partial: true })
    expect(settled.map((result) => result.status === 'rejected' && result.reason.message)).toEqual(['all of it', 'all of it', 'all of it'])
    expect(storeMany.mock.calls.map(([writes]) => writes.length)).toEqual([2, 1])
    const odd = cache.namespace('odd').resource({ key, load: source.load, write: { mode: 'through', storeMany: () => [new Error('one')] } })
    await expect(odd.setMany(entries)).rejects.toMatchObject({ cause: { code: 'TIERCEL_INVALID_BATCH' } })
  })
})

describe('several processes', () => {
  test('the value is what the others get, and their old one is gone', async () => {
    const { caches } = processes(2)
    const { source } = rows(old)
    const [a, b] = caches.map((cache) => productsOf(cache, source))
    expect(await b?.get({ id: 1 })).toEqual(old)
    await a?.set({ id: 1 }, fresh)
    await vi.waitFor(async () => expect(await b?.get({ id: 1 })).toEqual(fresh))
    expect(source.load).toHaveBeenCalledOnce()
  })

  test('what is loaded meanwhile is stored by nobody, nor what was loaded before', async () => {
    const { caches, l2 } = processes(2)
    const { table, source } = rows(old)
    const [a, b] = caches.map((cache) => productsOf(cache, source))
    const slow = deferred<Product | null>()
    source.load.mockImplementationOnce(() => slow.promise)
    const reading = b?.get({ id: 1 })
    await vi.waitFor(() => expect(source.load).toHaveBeenCalledOnce())
    source.store.mockImplementationOnce(async ({ id }, row) => {
      expect((await l2.inner.get(stored))?.[0]).toBe(fenceByte)
      expect(await b?.get({ id: 2 })).toBeNull()
      table.set(String(id), row)
    })
    await a?.set({ id: 1 }, fresh)
    slow.resolve(old)
    expect(await reading).toEqual(old)
    await caches[1]?.idle()
    expect(await b?.get({ id: 1 })).toEqual(fresh)
  })

  test('of two that overlap neither is cached', async () => {
    const { caches, l2 } = processes(2)
    const { table, source } = rows(old)
    const [a, b] = caches.map((cache) => productsOf(cache, source))
    const slow = deferred<undefined>()
    source.store.mockImplementationOnce(async ({ id }, row) => {
      await slow.promise
      table.set(String(id), row)
    })
    const first = a?.set({ id: 1 }, fresh)
    await vi.waitFor(() => expect(source.store).toHaveBeenCalledOnce())
    expect((await b?.set({ id: 1 }, newer))?.cache).toBe('deleted')
    slow.resolve(undefined)
    expect((await first)?.cache).toBe('deleted')
    expect(await l2.inner.get(stored)).toBeUndefined()
    expect(await b?.get({ id: 1 })).toEqual(fresh)
  })

  test('one whose fence was lost meanwhile caches nothing, also when it was renewed since', async () => {
    const { caches, l2 } = processes(2)
    const { table, source } = rows(old)
    const slow = deferred<undefined>()
    const a = caches[0]?.resource({ key, source, write: { mode: 'through', fence: 150 } })
    const b = productsOf(caches[1] as Cache, source)
    source.store.mockImplementationOnce(async ({ id }, row) => {
      table.set(String(id), row)
      await slow.promise
    })
    const first = a?.set({ id: 1 }, fresh)
    await vi.waitFor(() => expect(table.get('1')).toEqual(fresh))
    await l2.inner.swap({ key: stored, expected: Buffer.from('F'), isWhole: false, value: undefined, ttlMs: 1 })
    await b.set({ id: 1 }, newer)
    await vi.waitFor(async () => expect((await l2.inner.get(stored))?.[0]).toBe(fenceByte), { timeout: 5_000 })
    slow.resolve(undefined)
    expect((await first)?.cache).toBe('deleted')
    expect(await b.get({ id: 1 })).toEqual(newer)
  })

  test('a value whose tag is invalidated while the source takes it is no value', async () => {
    const { caches } = processes(2)
    const { table, source } = rows(old)
    const [a, b] = caches as [Cache, Cache]
    const tagged = a.resource({ key, source, tags: ['all'], write: { mode: 'through' } })
    source.store.mockImplementationOnce(async ({ id }, row) => {
      table.set(String(id), row)
      await b.invalidateTag('all')
    })
    await tagged.set({ id: 1 }, fresh)
    expect(await b.get(tagged.key({ id: 1 }), { exact: true })).toBeUndefined()
    source.store.mockImplementationOnce(async ({ id }, row) => {
      await b.mutate({ tags: ['all'] }, () => void table.set(String(id), row))
    })
    const inside = b.mutate({ tags: ['all'] }, async () => (await tagged.set({ id: 1 }, fresh)).cache)
    expect((await inside).result).toBe('deleted')
  })

  test('with a hold-off nothing is stored, neither by the write nor by a load that may lag', async () => {
    const { caches, l2 } = processes(1)
    const { source } = rows(old)
    const products = caches[0]?.resource({ key, source, write: { mode: 'through', holdOff: '1m' } })
    expect((await products?.set({ id: 1 }, fresh))?.cache).toBe('deleted')
    expect(await products?.get({ id: 1 })).toEqual(fresh)
    expect((await l2.inner.get(stored))?.[0]).toBe(fenceByte)
  })
})

/** A store one of whose calls is lost: on its way there, or on its way back. */
function losing(inner: Store, at: number, what: 'call' | 'answer'): { readonly store: Store; readonly hasLost: () => boolean } {
  const verbs = ['get', 'getMany', 'getHead', 'claim', 'swap', 'setMany', 'deleteMany', 'fence', 'snap', 'overwrite', 'ageTags']
  let calls = 0
  const store = new Proxy(inner, {
    get(target, name) {
      const member = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      if (!verbs.includes(String(name))) return member.bind(target)
      return async (...args: unknown[]) => {
        const isLost = calls++ === at
        if (isLost && what === 'call') throw away
        const answer = await member.apply(target, args)
        if (isLost) throw away
        return answer
      }
    },
  })
  return { store, hasLost: () => calls > at }
}

const sources = {
  'takes it': async (take: () => void): Promise<void> => take(),
  'refuses it': (): Promise<void> => Promise.reject(new Error('refused')),
  'takes it and does not say so': async (take: () => void): Promise<void> => {
    take()
    throw new Error('lost')
  },
}

describe.each(Object.entries(sources))('the source %s', (_, behave) => {
  test.each(['call', 'answer'] as const)(
    'and any %s of the cache is lost: nothing is cached that the source does not have',
    async (what) => {
      let at = 0
      for (let hasLost = true; hasLost; at += 1) {
        const inner = memoryStore()
        const { store, ...lost } = losing(inner, at, what)
        const [writer, reader] = [owned(createCache({ l2: store })), owned(createCache({ l2: inner }))]
        const { table, source } = rows(old)
        const [mine, theirs] = [productsOf(writer, source), productsOf(reader, source)]
        await theirs.get({ id: 1 })
        source.store.mockImplementationOnce(({ id }, row) => behave(() => void table.set(String(id), row)))
        await mine.set({ id: 1 }, fresh).catch(() => undefined)
        hasLost = lost.hasLost()
        expect(await mine.get({ id: 1 })).toEqual(table.get('1'))
        await vi.waitFor(
          async () => expect([undefined, table.get('1')]).toContainEqual(await reader.get(mine.key({ id: 1 }), { exact: true })),
          5_000,
        )
        expect(await theirs.get({ id: 1 }, { forceFresh: true })).toEqual(table.get('1'))
      }
      expect(at).toBeGreaterThan(3)
    },
  )
})

test('with the server away the source is written, nothing old is served here, and the others hear of it when it is back', async () => {
  const { caches, l2 } = processes(2)
  const { table, source } = rows(old)
  const [a, b] = caches.map((cache) => productsOf(cache, source))
  await Promise.all([a?.get({ id: 1 }), b?.get({ id: 1 })])
  l2.fail('fence', away)
  expect(await a?.set({ id: 1 }, fresh)).toMatchObject({ source: 'committed', cache: 'queued' })
  expect(table.get('1')).toEqual(fresh)
  expect(await a?.get({ id: 1 })).toEqual(fresh)
  l2.mend()
  await vi.waitFor(async () => expect(await b?.get({ id: 1 })).toEqual(fresh), 5_000)
})

test('what is not allowed is refused before anything is touched', async () => {
  const cache = owned(createCache())
  const { source } = rows(old)
  const { load, store } = source
  const declare = (write: unknown, more: object = {}) => cache.resource({ key, load, ...more, write } as never) as unknown
  const refused: [unknown, object, string, RegExp][] = [
    [{ mode: 'around', store }, {}, 'TIERCEL_INVALID_OPTION', /Allowed: 'through', 'behind'/],
    [{ mode: 'through' }, {}, 'TIERCEL_INVALID_LOADER', /store or storeMany function is needed/],
    [{ mode: 'through', store: 7 }, {}, 'TIERCEL_INVALID_LOADER', /store must be a function, not 7/],
    [{ mode: 'through', store, log: {} }, {}, 'TIERCEL_UNKNOWN_OPTION', /"log"/],
    [{ mode: 'through', store, fence: 1 }, {}, 'TIERCEL_INVALID_OPTION', /fence/],
    [{ mode: 'behind', store }, {}, 'TIERCEL_INVALID_OPTION', /createWriteBehind/],
    [{ mode: 'behind', log: { append() {}, pending() {}, source() {} }, name: '' }, {}, 'TIERCEL_INVALID_OPTION', /name/],
    [{ mode: 'through', store }, { source: 7 }, 'TIERCEL_INVALID_OPTION', /source is an object/],
    [{ mode: 'through', store }, { source: { load: 7 } }, 'TIERCEL_INVALID_OPTION', /source.load: 7 is not a function/],
    ['through', {}, 'TIERCEL_INVALID_OPTION', /write/],
  ]
  for (const [write, more, code, words] of refused) {
    expect(() => declare(write, more)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(words) }))
  }
  const products = productsOf(cache, { load, store })
  const twice = [
    [{ id: 1 }, fresh],
    [{ id: '1' }, newer],
  ] as const
  await expect(products.setMany(twice)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION', message: expect.stringContaining('twice') })
  await expect(products.set({ id: 1 }, undefined as never)).rejects.toMatchObject({ code: 'TIERCEL_UNDEFINED_VALUE' })
  await expect(products.set({ id: 1 }, null as never)).rejects.toMatchObject({
    code: 'TIERCEL_UNDEFINED_VALUE',
    message: expect.stringContaining('remove'),
  })
  await expect(products.set({ id: 1 }, { name: () => 1 } as never)).rejects.toMatchObject({ code: 'TIERCEL_UNSERIALIZABLE_VALUE' })
  await expect(products.set({} as never, fresh)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_KEY' })
  await expect(products.set({ id: 1 }, fresh, { ttl: 0 })).rejects.toMatchObject({ code: 'TIERCEL_INVALID_DURATION' })
  await expect(products.set({ id: 1 }, fresh, { signal: AbortSignal.abort('gone') })).rejects.toBe('gone')
  await expect(products.remove({ id: 1 })).rejects.toMatchObject({ code: 'TIERCEL_UNSUPPORTED' })
  expect(store).not.toHaveBeenCalled()
  const readOnly = cache.namespace('r').resource({ key, load })
  await expect((readOnly as unknown as typeof products).remove({ id: 1 })).rejects.toMatchObject({ code: 'TIERCEL_UNSUPPORTED' })
  await expect(readOnly.set({ id: 1 }, fresh, { signal: AbortSignal.abort() } as never)).rejects.toMatchObject({
    code: 'TIERCEL_UNKNOWN_OPTION',
  })
})

test('a source may be an instance of a class', async () => {
  class Table implements Source<Params, Product | null> {
    readonly #rows = new Map<string, Product>()
    async load({ id }: Params): Promise<Product | null> {
      return this.#rows.get(String(id)) ?? null
    }
    async store({ id }: Params, row: Product): Promise<void> {
      this.#rows.set(String(id), row)
    }
  }
  const products = productsOf(owned(createCache()), new Table())
  await products.set({ id: 1 }, fresh)
  expect(await products.get({ id: 1 }, { forceFresh: true })).toEqual(fresh)
})
