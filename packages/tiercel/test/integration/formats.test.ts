import { randomBytes } from 'node:crypto'
import { type RunningServer, serverNames, startStandalone } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { compressSync, uncompressSync } from 'lz4-napi'
import { Packr } from 'msgpackr'
import superjson from 'superjson'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aesGcm, brotli, gzip, hmac, msgpackrCodec, structuredCodec, superjsonCodec } from '../../src/codecs/index.ts'
import { type Cache, type CacheOptions, createCache, valkeyStore } from '../../src/index.ts'
import { eventLog } from '../cache/event-log.ts'

const keys = [{ id: 1, secret: randomBytes(32) }]
const lz4 = { id: 64, name: 'lz4', compress: (bytes: Buffer) => compressSync(bytes), decompress: (bytes: Buffer) => uncompressSync(bytes) }
const list = Array.from({ length: 2_000 }, (_, id) => ({ id, name: `Product ${id} – Zürich` }))
const plain = () => ({ id: 7, list })
const rich = () => ({ ...plain(), at: new Date(5), set: new Set(['x']), big: 5n, bytes: Buffer.from([0, 255, 13, 10]) })

describe.each(serverNames)('on %s', (name) => {
  let server: RunningServer
  let admin: Redis
  const caches: Cache[] = []

  beforeAll(async () => {
    server = await startStandalone({ server: name })
    admin = new Redis(server.url)
  })
  afterAll(async () => {
    for (const cache of caches) await cache.close()
    admin.disconnect()
    await server.stop()
  })

  function newCache(namespace: string, options: CacheOptions): Cache {
    const cache = createCache({ ...options, namespace, l2: valkeyStore(server.url, { timeout: '5s', connectTimeout: '10s' }) })
    caches.push(cache)
    return cache
  }

  test.each<[string, CacheOptions, () => object]>([
    ['structured', { codec: structuredCodec }, rich],
    ['msgpackr', { codec: msgpackrCodec(new Packr({ moreTypes: true })) }, rich],
    ['superjson', { codec: superjsonCodec(superjson) }, () => ({ ...plain(), at: new Date(5), set: new Set(['x']) })],
    ['brotli', { compression: brotli() }, plain],
    ['lz4', { compression: lz4 }, plain],
    ['signed', { signing: hmac({ keys }) }, plain],
    ['everything', { codec: structuredCodec, compression: gzip(), encryption: aesGcm({ keys }) }, rich],
    ['plain', { format: 'plain' }, plain],
  ])('a value goes from one process to another: %s', async (format, options, make) => {
    const writer = newCache(format, options)
    await writer.getOrSet(['product', 7], make)
    await writer.idle()
    const reader = newCache(format, options)
    expect(await reader.get(['product', 7])).toEqual(make())
    expect(reader.stats().l2).toMatchObject({ hits: 1, rejected: 0 })
    if ('compression' in options) expect(reader.stats().l2.bytesRead).toBeLessThan(JSON.stringify(plain()).length / 2)
  })

  test('another language reads and writes plain values', async () => {
    const cache = newCache('shared', { format: 'plain', l1: false })
    await cache.set(['product', 7], { name: 'Zürich' }, { ttl: '1m' })
    expect(await admin.get('tc1:e:shared:product:7')).toBe('{"name":"Zürich"}')
    expect(await admin.pttl('tc1:e:shared:product:7')).toBeGreaterThan(50_000)
    await admin.set('tc1:e:shared:product:7', '{"name": "Genève"}')
    expect(await cache.get(['product', 7])).toEqual({ name: 'Genève' })
    await admin.set('tc1:e:shared:product:7', 'no JSON')
    expect(await cache.getOrSet(['product', 7], () => ({ name: 'loaded' }))).toEqual({ name: 'loaded' })
    await cache.idle()
    expect(await admin.get('tc1:e:shared:product:7')).toBe('{"name":"loaded"}')
  })

  test("one tenant's encrypted entry copied over another's is a miss, and the load replaces it", async () => {
    const cache = newCache('tenants', { l1: false, encryption: aesGcm({ keys }) })
    const log = eventLog(cache)
    await cache.namespace('a').set('secret', 'of a')
    await cache.namespace('b').set('secret', 'of b')
    await admin.copy('tc1:e:tenants/a:secret', 'tc1:e:tenants/b:secret', 'REPLACE')
    expect(await cache.namespace('b').getOrSet('secret', () => 'of b')).toBe('of b')
    await cache.idle()
    expect(await cache.namespace('b').get('secret')).toBe('of b')
    expect(log.filter((line) => line.startsWith('read.rejected'))).toEqual(['read.rejected other-key'])
  })
})
