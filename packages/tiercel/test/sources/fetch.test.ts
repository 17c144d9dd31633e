import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createCache } from '../../src/cache/create-cache.ts'
import { type FetchSourceOptions, fetchSource } from '../../src/sources/fetch.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import { type ProductService, startProductService } from './product-service.ts'

interface Product {
  readonly name: string
  readonly etag?: string
}

const { signal } = new AbortController()
const through = { signal, sequence: undefined }

let service: ProductService
beforeAll(async () => {
  service = await startProductService()
})
beforeEach(() => void service.seen.splice(0))
afterAll(() => service?.close())

function sourceOf(options: Partial<FetchSourceOptions<Product>> = {}): ReturnType<typeof fetchSource<Product>> {
  return fetchSource<Product>({ url: `${service.url}products/{id}`, ...options })
}

const lastSeen = (): ProductService['seen'][number] | undefined => service.seen.at(-1)

describe('requests', () => {
  test('a write carries what tells it from all others, and a write that never comes again does not', async () => {
    const source = sourceOf()
    await source.store({ id: 'a/b' }, { name: 'bolt' }, { signal, sequence: 17 })
    expect(lastSeen()).toMatchObject({ method: 'PUT', path: '/products/a%2Fb', body: '{"name":"bolt"}', status: 204 })
    expect(lastSeen()?.headers).toMatchObject({ 'idempotency-key': '"id=a%2Fb:17"', 'content-type': 'application/json' })
    await source.remove({ id: 'a/b' }, { signal, sequence: 18 })
    expect(lastSeen()?.headers['idempotency-key']).toBe('"id=a%2Fb:18"')
    await source.store({ id: 7 }, { name: 'nut' }, through)
    expect(lastSeen()?.headers['idempotency-key']).toBeUndefined()
  })

  test('headers, method, URL and formats are theirs to choose', async () => {
    const source = sourceOf({
      url: ({ id }) => new URL(`things?of=${id}`, service.url),
      headers: async ({ method, params, sequence }) => ({
        'Content-Type': 'text/plain',
        'x-about': `${method} ${params['id']} ${sequence}`,
      }),
      storeMethod: 'POST',
      write: ({ name }) => name,
      read: async (response, { id }) => ({ name: `${id} is ${await response.text()}` }),
    })
    await source.store({ id: 7 }, { name: 'bolt' }, through)
    expect(lastSeen()).toMatchObject({ method: 'POST', path: '/things?of=7', body: 'bolt' })
    expect(lastSeen()?.headers).toMatchObject({ 'content-type': 'text/plain', 'x-about': 'POST 7 undefined' })
    expect(await source.load({ id: 7 }, { signal })).toEqual({ name: '7 is bolt' })
    const fixed = sourceOf({ headers: { authorization: 'Bearer x' } })
    await fixed.load({ id: 7 }, { signal })
    expect(lastSeen()?.headers).toMatchObject({ authorization: 'Bearer x', accept: 'application/json' })
  })

  test('no parameter leaves its place', async () => {
    for (const id of ['', '.', '..']) {
      await expect(sourceOf().load({ id }, { signal })).rejects.toMatchObject({ code: 'TIERCEL_INVALID_KEY' })
    }
    await expect(sourceOf().load({}, { signal })).rejects.toMatchObject({ code: 'TIERCEL_INVALID_KEY' })
    expect(service.seen).toEqual([])
    for (const id of ['../x', '?a', '#b', '//evil.example', '%2e%2e', '@']) {
      await sourceOf().load({ id }, { signal })
      expect(lastSeen()?.path).toBe(`/products/${encodeURIComponent(id)}`)
    }
  })

  test('who gives up ends the request', async () => {
    const waiting = new AbortController()
    const fetch = vi.fn(async (_: string, request: { readonly signal: AbortSignal }): Promise<never> => {
      waiting.abort(new Error('nobody waits'))
      request.signal.throwIfAborted()
      throw new Error('went on')
    })
    await expect(sourceOf({ fetch }).load({ id: 1 }, waiting)).rejects.toThrow('nobody waits')
    await expect(sourceOf({ fetch }).store({ id: 1 }, { name: '' }, { ...waiting, signal: waiting.signal, sequence: 1 })).rejects.toThrow(
      'nobody waits',
    )
    expect(fetch).toHaveBeenCalledOnce()
  })
})

describe('answers', () => {
  test.each([404, 410])('%i: there is none', async (status) => {
    service.failWith(status, status)
    expect(await sourceOf().load({ id: 1 }, { signal })).toBeNull()
    await sourceOf().remove({ id: 1 }, through)
    service.failWith(status)
    await expect(sourceOf().store({ id: 1 }, { name: '' }, through)).rejects.toMatchObject({ code: 'TIERCEL_SOURCE_REFUSED', status })
  })

  test.each([
    [400, 'TIERCEL_SOURCE_REFUSED', false],
    [304, 'TIERCEL_SOURCE_REFUSED', false],
    [409, 'TIERCEL_SOURCE_REFUSED', false],
    [429, 'TIERCEL_SOURCE_UNAVAILABLE', true],
    [503, 'TIERCEL_SOURCE_UNAVAILABLE', true],
  ])('%i is %s', async (status, code, retryable) => {
    const source = sourceOf({ url: `${service.url}products/{id}?token=secret` })
    const calls = [
      () => source.load({ id: 1 }, { signal }),
      () => source.store({ id: 1 }, { name: '' }, through),
      () => source.remove({ id: 1 }, through),
    ]
    for (const [at, operation] of (['load', 'store', 'remove'] as const).entries()) {
      service.failWith(status)
      const error: unknown = await calls[at]?.().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        name: 'SourceError',
        code,
        retryable,
        status,
        operation,
        message: expect.not.stringContaining('secret'),
      })
    }
  })

  test('what fetch rejects with is handed on', async () => {
    const broken = new TypeError('fetch failed')
    await expect(sourceOf({ fetch: () => Promise.reject(broken) }).load({ id: 1 }, { signal })).rejects.toBe(broken)
  })
})

describe('with an ETag', () => {
  test('a stale value is asked for with it, and kept when it is still right', async () => {
    const source = sourceOf({ etag: 'etag' })
    await source.store({ id: 'e' }, { name: 'bolt', etag: 'not stored' }, through)
    expect(lastSeen()?.body).toBe('{"name":"bolt"}')
    const cache = createCache({ namespace: 'fetch', l2: memoryStore(), ttl: '1h', grace: '1h' })
    const products = cache.resource({ key: 'product:{id}', load: (params, context) => source.load(params, context) })
    const first = await products.get({ id: 'e' })
    expect(first).toEqual({ name: 'bolt', etag: expect.stringMatching(/^"v\d+"$/) })
    // What was loaded is stored behind the answer; this is stored when it is over.
    await products.set({ id: 'e' }, first)

    const refreshed = async (): Promise<ProductService['seen'][number] | undefined> => {
      const before = service.seen.length
      await products.expire({ id: 'e' })
      await vi.waitFor(async () => {
        await products.get({ id: 'e' })
        expect(service.seen.length).toBeGreaterThan(before)
      })
      return service.seen[before]
    }
    expect(await refreshed()).toMatchObject({ method: 'GET', status: 304, headers: { 'if-none-match': first?.etag } })
    expect(await products.get({ id: 'e' })).toEqual(first)

    await source.store({ id: 'e' }, { name: 'nut' }, through)
    expect(await refreshed()).toMatchObject({ method: 'GET', status: 200 })
    await vi.waitFor(async () => expect(await products.get({ id: 'e' })).toMatchObject({ name: 'nut' }))
    await cache.close()
  })

  test('who cannot keep a value is asked for all of it', async () => {
    const source = sourceOf({ etag: 'etag' })
    await source.store({ id: 'f' }, { name: 'bolt' }, through)
    const value = await source.load({ id: 'f' }, { signal })
    await source.load({ id: 'f' }, { signal, stale: { value } })
    expect(lastSeen()).toMatchObject({ status: 200 })
    expect(lastSeen()?.headers['if-none-match']).toBeUndefined()
  })
})

test.each([
  [{ url: 7 }, 'TIERCEL_INVALID_OPTION'],
  [{ url: '/products/{id}' }, 'TIERCEL_INVALID_OPTION'],
  [{ url: 'https://{tenant}.example/' }, 'TIERCEL_INVALID_OPTION'],
  [{ url: 'https://x.example{id}' }, 'TIERCEL_INVALID_OPTION'],
  [{ url: 'file:///x/{id}' }, 'TIERCEL_INVALID_OPTION'],
  [{ fetch: 'fetch' }, 'TIERCEL_INVALID_OPTION'],
  [{ headers: 'x' }, 'TIERCEL_INVALID_OPTION'],
  [{ etag: '' }, 'TIERCEL_INVALID_OPTION'],
  [{ storeMethod: 'GET' }, 'TIERCEL_INVALID_OPTION'],
  [{ uri: 'https://x.example/{id}' }, 'TIERCEL_UNKNOWN_OPTION'],
])('options %j are refused', (options, code) => {
  expect(() => sourceOf(options as object)).toThrow(expect.objectContaining({ code }))
})
