import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, test, vi } from 'vitest'
import { z } from 'zod'
import { createCache } from '../../src/cache/create-cache.ts'
import type { Resource } from '../../src/cache/resource.ts'
import type { StandardSchema } from '../../src/codecs/schema.ts'
import { structuredCodec } from '../../src/codecs/structured.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import { eventLog } from './event-log.ts'
import { tiers } from './tiers.ts'

interface Product {
  id: number
  name: string
}

const product = { id: 7, name: 'x' }
const schemas: readonly (readonly [string, StandardSchema<Product>])[] = [
  ['zod', z.object({ id: z.number(), name: z.string() })],
  ['valibot', v.object({ id: v.number(), name: v.string() })],
  ['arktype', type({ id: 'number', name: 'string' })],
  ['an asynchronous one', z.object({ id: z.number().refine(async (id) => id > 0), name: z.string() })],
]

describe.each(schemas)('a schema of %s', (_name, schema) => {
  test.each(['L1', 'L2', 'both'])('what satisfies it is a hit, what does not is a miss: %s', async (where) => {
    const cache = createCache({ ...(where === 'L2' ? { l1: false } : {}), ...(where === 'L1' ? {} : { l2: memoryStore() }) })
    const log = eventLog(cache)
    await cache.set('good', product)
    await cache.set('bad', { id: 'seven' })
    expect(await cache.get('good', { schema })).toEqual(product)
    expect(await cache.get('bad', { schema })).toBeUndefined()
    expect(await cache.getMany(['good', 'bad', 'none'], { schema })).toEqual([product, undefined, undefined])
    expect(log).toContain('read.rejected schema')
    expect(await cache.getOrSet('good', () => ({ id: 8, name: 'y' }), { schema })).toEqual(product)
    expect(await cache.getOrSet('bad', () => product, { schema })).toEqual(product)
    await cache.idle()
    expect(await cache.get('bad')).toEqual(product)
  })

  test('what is loaded and does not satisfy it is stored nowhere', async () => {
    const l2 = memoryStore()
    const cache = createCache({ l2 })
    await expect(cache.getOrSet('k', () => ({ id: 'seven' }) as never, { schema })).rejects.toMatchObject({
      code: 'TIERCEL_SCHEMA_MISMATCH',
      message: 'What was loaded does not satisfy the schema of its call: look at .id.',
      key: 'k',
    })
    await cache.idle()
    expect(await cache.get('k')).toBeUndefined()
    expect(await createCache({ l2 }).get('k')).toBeUndefined()
  })

  test('an older form is migrated, and stays stored as it is', async () => {
    const l2 = memoryStore()
    await createCache({ l2 }).set('k', { id: 7, title: 'x' })
    const cache = createCache({ l2 })
    const migrate = (stored: unknown) => ({ id: 7, name: (stored as { title: string }).title })
    expect(await cache.get('k', { schema, migrate })).toEqual(product)
    expect(await cache.getOrSet('k', () => ({ id: 8, name: 'y' }), { schema, migrate })).toEqual(product)
    expect(await createCache({ l2 }).get('k')).toEqual({ id: 7, title: 'x' })
    const failing = () => {
      throw new Error('no')
    }
    expect(await cache.get('k', { schema, migrate: failing })).toBeUndefined()
    expect(await cache.get('k', { schema, migrate: () => ({}) })).toBeUndefined()
  })
})

test('the counters tell a refused hit as a miss', async () => {
  const cache = createCache({ l2: memoryStore() })
  await cache.set('k', 'text')
  expect(await cache.get('k', { schema: z.number() })).toBeUndefined()
  expect(cache.stats()).toMatchObject({ l1: { hits: 0, misses: 1 }, l2: { hits: 0, misses: 1, rejected: 1 } })
})

test('stored is what the schema takes, handed out is what it makes', async () => {
  const schema = z.object({ at: z.iso.datetime().transform((text) => new Date(text)) })
  const stored = { at: '2026-07-01T00:00:00Z' }
  const l2 = memoryStore()
  const cache = createCache({ l2 })
  const loaded = await cache.getOrSet('k', () => stored, { schema })
  await cache.idle()
  expect(loaded).toEqual({ at: new Date(stored.at) })
  expect(await cache.get('k')).toEqual(stored)
  expect(await createCache({ l2 }).get('k', { schema })).toEqual(loaded)
  expect(() => loaded.at.setTime(0)).toThrow(TypeError)
  expectTypeOf(loaded).toEqualTypeOf<{ at: Date }>()
})

test('an L1 hit is validated once per schema, and each time where the outcome cannot be frozen', async () => {
  const cache = createCache()
  await cache.set('k', product)
  const validate = vi.fn((value: Product) => value.id === 7)
  const schema = z.custom<Product>((value) => validate(value as Product))
  expect(await cache.get('k', { schema })).toBe(await cache.get('k', { schema }))
  expect(validate).toHaveBeenCalledTimes(1)
  await cache.get('k', { schema: z.custom<Product>((value) => validate(value as Product)) })
  expect(validate).toHaveBeenCalledTimes(2)
  const bytes = schema.transform(() => Buffer.from('abc'))
  const [first, second] = [await cache.get('k', { schema: bytes }), await cache.get('k', { schema: bytes })]
  first?.fill(0)
  expect(second).toEqual(Buffer.from('abc'))
})

describe.each(tiers)('with %s', (_, create) => {
  const schema = z.object({ id: z.string().transform(Number) })

  test('a batch gives what the schema makes of each, and refuses what it does not take', async () => {
    const cache = create()
    await cache.set('old', { id: 7 })
    const loadMany = vi.fn((keys: readonly string[]) => keys.map((key) => (key === 'bad' ? { id: 0 as never } : { id: '8' })))
    expect(await cache.getOrSetMany(['old', 'none'], loadMany, { schema })).toEqual([{ id: 8 }, { id: 8 }])
    expect(loadMany.mock.calls.map(([keys]) => keys)).toEqual([['old', 'none']])
    const partial = await cache.getOrSetMany(['none', 'bad'], loadMany, { schema, partial: true })
    expect(partial).toMatchObject([
      { status: 'fulfilled', value: { id: 8 } },
      { status: 'rejected', reason: { code: 'TIERCEL_SCHEMA_MISMATCH', key: 'bad' } },
    ])
    expect(await cache.get('none')).toEqual({ id: '8' })
    expect(await cache.get('bad')).toBeUndefined()
  })

  test.each(['load', 'loadMany'] as const)('a resource with %s gives what the schema makes, and stores what it takes', async (by) => {
    const cache = create()
    const row = (id: unknown) => ({ id: id === 3 ? (3 as never) : '8' })
    const loader = by === 'load' ? { load: (params: { id: unknown }) => row(params.id) } : undefined
    const migrate = (stored: unknown) => ({ id: String((stored as { old: number }).old) })
    const rows = cache.resource({
      key: 'row:{id}',
      schema,
      migrate,
      ...(loader ?? { loadMany: (list: readonly { id: unknown }[]) => list.map(({ id }) => row(id)) }),
    })
    expect(await rows.get({ id: 1 })).toEqual({ id: 8 })
    await rows.set({ id: 2 }, { id: '9' })
    await cache.set(rows.key({ id: 4 }), { old: 7 })
    expect(await rows.getMany([{ id: 1 }, { id: 2 }, { id: 4 }])).toEqual([{ id: 8 }, { id: 9 }, { id: 7 }])
    await expect(rows.get({ id: 3 })).rejects.toMatchObject({ code: 'TIERCEL_SCHEMA_MISMATCH' })
    const refusal = { code: 'TIERCEL_SCHEMA_MISMATCH', key: 'row:2', message: expect.stringContaining('to be stored') }
    await expect(rows.set({ id: 2 }, { id: 10 as never })).rejects.toMatchObject(refusal)
    await expect(
      rows.setMany([
        [{ id: 1 }, { id: '11' }],
        [{ id: 2 }, { id: 10 as never }],
      ]),
    ).rejects.toMatchObject(refusal)
    expect(await rows.getMany([{ id: 1 }, { id: 2 }])).toEqual([{ id: 8 }, { id: 9 }])
  })
})

test('null needs a schema that takes it', async () => {
  const cache = createCache()
  await cache.set('k', null)
  expect(await cache.get('k', { schema: z.object({}).nullable() })).toBe(null)
  expect(await cache.get('k', { schema: z.object({}) })).toBeUndefined()
})

test('copies are of the right kind where values are cloned', async () => {
  const cache = createCache({ codec: structuredCodec, values: 'clone' })
  const schema = z.object({ bytes: z.instanceof(Buffer) })
  const loaded = await cache.getOrSet('k', () => ({ bytes: Buffer.from('abc') }), { schema })
  loaded.bytes.fill(0)
  expect(await cache.get('k', { schema })).toEqual({ bytes: Buffer.from('abc') })
})

test('who joins a load with another schema loads anew when what came does not satisfy his', async () => {
  const l2 = memoryStore()
  await createCache({ l2 }).set('k', { old: true })
  const cache = createCache({ l2 })
  const [first, second] = await Promise.all([
    cache.getOrSet('k', () => ({ old: false })),
    cache.getOrSet('k', () => product, { schema: z.object({ id: z.number(), name: z.string() }) }),
  ])
  expect(first).toEqual({ old: true })
  expect(second).toEqual(product)
})

test.each<[string, object, string]>([
  ['no schema', { schema: {} }, 'TIERCEL_INVALID_OPTION'],
  ['a class for a schema', { schema: Date }, 'TIERCEL_INVALID_OPTION'],
  ['a migration that is none', { schema: z.any(), migrate: 1 }, 'TIERCEL_INVALID_OPTION'],
  ['a migration without a schema', { migrate: () => 1 }, 'TIERCEL_INVALID_OPTION'],
  ['an unknown option', { schema: z.any(), shema: 1 }, 'TIERCEL_UNKNOWN_OPTION'],
])('%s is refused', async (_name, options, code) => {
  const cache = createCache()
  await expect(cache.get('k', options as never)).rejects.toMatchObject({ code })
  await expect(cache.getMany(['k'], options as never)).rejects.toMatchObject({ code })
  await expect(cache.getOrSet('k', () => 1, options as never)).rejects.toMatchObject({ code })
  await expect(cache.getOrSetMany(['k'], () => [1], options as never)).rejects.toMatchObject({ code })
  expect(() => cache.resource({ key: 'k:{id}', load: () => 1, ...options } as never)).toThrow(expect.objectContaining({ code }))
})

test('the type follows the schema', () => {
  const cache = createCache()
  const schema = v.object({ id: v.pipe(v.string(), v.transform(Number)) })
  expectTypeOf(() => cache.get('k', { schema })).returns.resolves.toEqualTypeOf<{ id: number } | undefined>()
  expectTypeOf(() => cache.getMany(['k'], { schema })).returns.resolves.toEqualTypeOf<({ id: number } | undefined)[]>()
  expectTypeOf(() => cache.getOrSet('k', () => ({ id: '7' }), { schema })).returns.resolves.toEqualTypeOf<{ id: number }>()
  expectTypeOf(() => cache.getOrSet('k', () => ({ id: 7 }))).returns.resolves.toEqualTypeOf<{ id: number }>()
  expectTypeOf(() => cache.getOrSet<Product>('k', () => product, { ttl: '1m' })).returns.resolves.toEqualTypeOf<Product>()
  expectTypeOf(() => cache.getOrSetMany(['k'], () => [{ id: '7' }], { schema })).returns.resolves.toEqualTypeOf<{ id: number }[]>()
  const partial = () => cache.getOrSetMany(['k'], () => [{ id: '7' }], { schema, partial: true })
  expectTypeOf(partial).returns.resolves.toEqualTypeOf<PromiseSettledResult<{ id: number }>[]>()
  const declare = () => cache.resource({ key: 'k:{id}', schema, load: ({ id }) => ({ id: String(id) }), tags: ({ id }) => [id.trim()] })
  expectTypeOf(declare).returns.toEqualTypeOf<Resource<'k:{id}', { id: number }, { id: string }>>()
  // @ts-expect-error: the loader returns what the schema makes, not what it takes
  const wrong = () => cache.getOrSet('k', () => ({ id: 7 }), { schema })
  expect(wrong).toBeTypeOf('function')
})
