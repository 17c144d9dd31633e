import { randomBytes } from 'node:crypto'
import { Packr } from 'msgpackr'
import superjson from 'superjson'
import { describe, expect, test, vi } from 'vitest'
import { type CacheOptions, createCache } from '../../src/cache/create-cache.ts'
import { aesGcm } from '../../src/codecs/aes-gcm.ts'
import { hmac } from '../../src/codecs/hmac.ts'
import { jsonCodec } from '../../src/codecs/json.ts'
import { msgpackrCodec } from '../../src/codecs/msgpackr.ts'
import { structuredCodec } from '../../src/codecs/structured.ts'
import { superjsonCodec } from '../../src/codecs/superjson.ts'
import { brotli, gzip } from '../../src/codecs/zlib-compressions.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import { eventLog } from './event-log.ts'

const keys = [{ id: 1, secret: randomBytes(32) }]
const encryption = aesGcm({ keys })
const signing = hmac({ keys })
const msgpackr = msgpackrCodec(new Packr({ moreTypes: true }))

const rich = () => ({
  at: new Date(5),
  prices: new Map([['EUR', new Set([1, 2])]]),
  big: 5n,
  none: undefined,
  list: Array.from({ length: 900 }, (_, id) => ({ id, name: `Product ${id}` })),
})
const plain = () => ({ id: 7, list: rich().list })

describe.each<[string, CacheOptions, () => object]>([
  ['JSON', {}, plain],
  ['structured', { codec: structuredCodec }, rich],
  ['msgpackr', { codec: msgpackr }, rich],
  ['superjson', { codec: superjsonCodec(superjson) }, rich],
  ['brotli', { compression: brotli() }, plain],
  ['gzip, structured', { compression: gzip(), codec: structuredCodec }, rich],
  ['signed', { signing }, plain],
  ['encrypted', { encryption }, plain],
  ['structured, compressed, encrypted', { codec: structuredCodec, compression: brotli(), encryption }, rich],
  ['msgpackr, compressed, signed', { codec: msgpackr, compression: gzip(), signing }, rich],
  ['plain', { format: 'plain' }, plain],
  ['plain, structured', { format: 'plain', codec: structuredCodec }, rich],
])('%s', (_name, options, make) => {
  const l2 = memoryStore()
  const here = createCache({ ...options, l2 })
  const there = createCache({ ...options, l2 })

  test('a value goes to another process and back, as all get it', async () => {
    const loaded = await here.getOrSet('k', make)
    await here.idle()
    expect(loaded).toEqual(make())
    expect(await here.get('k')).toEqual(make())
    expect(await there.get('k')).toEqual(make())
    expect(await there.get('k')).toEqual(make())
    expect(there.stats().l2).toMatchObject({ hits: 1, rejected: 0 })
  })

  test('so does a null, and what is no object', async () => {
    for (const value of [null, '', 0, 'text', true]) {
      await here.set('simple', value)
      expect(await createCache({ ...options, l2 }).get('simple')).toBe(value)
    }
  })
})

describe('a caller cannot change what the next one gets', () => {
  const value = () => ({ at: new Date(5), map: new Map([['k', { n: 1 }]]), deep: [new Set([1])] })

  test('Maps, Sets and Dates are shared and refuse to change', async () => {
    const cache = createCache({ codec: structuredCodec })
    const first = await cache.getOrSet('k', value)
    expect(await cache.get('k')).toBe(first)
    expect(() => first.at.setTime(6)).toThrow(TypeError)
    expect(() => first.map.set('x', { n: 2 })).toThrow(TypeError)
    expect(() => Object.assign(first.map.get('k') as object, { n: 2 })).toThrow(TypeError)
    expect(() => first.deep[0]?.clear()).toThrow(TypeError)
    await cache.set('again', first)
    expect(await cache.get('again')).toEqual(value())
  })

  test.each(['structured', 'msgpackr'])('bytes are new for each caller with %s, of every tier', async (name) => {
    const codec = name === 'structured' ? structuredCodec : msgpackr
    const l2 = memoryStore()
    const cache = createCache({ codec, l2 })
    const load = () => ({ bytes: Buffer.from('abc'), view: new Float64Array([1]) })
    const joined = await Promise.all([cache.getOrSet('k', load), cache.getOrSet('k', load)])
    await cache.idle()
    const fromL2 = createCache({ codec, l2 })
    for (const got of [...joined, await cache.get<ReturnType<typeof load>>('k'), await fromL2.get<ReturnType<typeof load>>('k')]) {
      expect(got).toEqual(load())
      expect(Buffer.isBuffer(got?.bytes)).toBe(true)
      got?.bytes.fill(0)
      got?.view.fill(0)
    }
    expect(await cache.get('k')).toEqual(load())
    expect(await fromL2.get('k')).toEqual(load())
  })

  test("'clone' hands out copies of the same kind, 'share' what was given", async () => {
    const cloning = createCache({ codec: structuredCodec, values: 'clone' })
    await cloning.set('k', { bytes: Buffer.from('abc') })
    const [first, second] = [await cloning.get<{ bytes: Buffer }>('k'), await cloning.get<{ bytes: Buffer }>('k')]
    expect(first).not.toBe(second)
    expect(Buffer.isBuffer(first?.bytes)).toBe(true)
    const sharing = createCache({ codec: structuredCodec, values: 'share' })
    const own = value()
    await sharing.set('k', own)
    expect(await sharing.get('k')).toBe(own)
  })
})

describe('a change of format, while entries of the old one are there', () => {
  const l2 = memoryStore()

  test.each<[string, CacheOptions, CacheOptions, string | undefined]>([
    ['another codec', { codec: structuredCodec }, {}, 'codec'],
    ['the old codec in the list', {}, { codec: [structuredCodec, jsonCodec] }, undefined],
    ['another compression', { compression: gzip() }, { compression: brotli() }, 'compression'],
    ['no compression', { compression: gzip() }, {}, 'compression'],
    ['the old compression in the list', { compression: gzip() }, { compression: [brotli(), gzip()] }, undefined],
    ['compression, where there was none', {}, { compression: brotli() }, undefined],
    ['encryption, where there was none', {}, { encryption }, 'unsealed'],
    ['signing, where there was none', {}, { signing }, 'unsealed'],
    ['no encryption', { encryption }, {}, 'unknown-key'],
    ['no signing', { signing }, {}, 'unknown-key'],
    ['signing for encryption', { encryption }, { signing }, 'unknown-key'],
    ['a lower limit', {}, { maxValueBytes: '4kb' }, 'too-large'],
    ['a lower limit, compressed', { compression: gzip() }, { compression: gzip(), maxValueBytes: '4kb' }, 'too-large'],
    ['plain, where there was an envelope', {}, { format: 'plain' }, 'payload'],
    ['an envelope, where it was plain', { format: 'plain' }, {}, 'not-an-entry'],
  ])('%s', async (_name, before, after, reason) => {
    await createCache({ ...before, l2 }).set('k', plain())
    const cache = createCache({ ...after, l2 })
    const log = eventLog(cache)
    expect(await cache.get('k')).toEqual(reason === undefined ? plain() : undefined)
    expect(log).toEqual(reason === undefined ? ['read.hit l2'] : [`read.rejected ${reason}`, 'read.miss'])
  })

  test('a key is rotated without a miss: second everywhere, then first, then alone', async () => {
    const young = { id: 20270101, secret: randomBytes(32) }
    const steps = [keys, [...keys, young], [young, ...keys], [young]].map((step) =>
      createCache({ l1: false, l2, encryption: aesGcm({ keys: step }) }),
    )
    const [old, both, first, alone] = steps as [(typeof steps)[0], (typeof steps)[0], (typeof steps)[0], (typeof steps)[0]]
    for (const [writer, readers] of [
      [old, [old, both, first]],
      [both, [old, both, first]],
      [first, [both, first, alone]],
      [alone, [both, first, alone]],
    ] as const) {
      await writer.set('k', 'v')
      for (const reader of readers) expect(await reader.get('k')).toBe('v')
    }
    await old.set('k', 'v')
    expect(await alone.get('k')).toBeUndefined()
  })
})

describe('too large a value', () => {
  const large = 'x'.repeat(5_000)
  const error = { code: 'TIERCEL_VALUE_TOO_LARGE', message: expect.stringContaining('5002 bytes, maxValueBytes allows 4096') }

  test.each<[string, CacheOptions]>([
    ['L1', {}],
    ['both', { l2: memoryStore() }],
    ['compressed', { l2: memoryStore(), compression: brotli() }],
    ['plain', { l2: memoryStore(), format: 'plain' }],
  ])('is refused and stored nowhere: %s', async (_name, options) => {
    const cache = createCache({ ...options, maxValueBytes: '4kb' })
    await expect(cache.set('k', large)).rejects.toMatchObject(error)
    await expect(cache.getOrSet('k', () => large)).rejects.toMatchObject(error)
    expect(await cache.get('k')).toBeUndefined()
  })

  test('counts bytes, not characters', async () => {
    const cache = createCache({ maxValueBytes: 4_096 })
    await cache.set('k', 'ü'.repeat(2_047))
    await expect(cache.set('k', 'ü'.repeat(2_048))).rejects.toMatchObject({ code: 'TIERCEL_VALUE_TOO_LARGE' })
  })
})

test('what is compressed in L2 weighs in L1 what it takes there', async () => {
  const l2 = memoryStore()
  const cache = createCache({ l2, compression: brotli() })
  await cache.set('k', 'x'.repeat(100_000))
  const reader = createCache({ l2, compression: brotli() })
  await reader.get('k')
  for (const { stats } of [cache, reader].map((each) => ({ stats: each.stats() }))) expect(stats.l1.sizeBytes).toBeGreaterThan(100_000)
  expect(reader.stats().l2.bytesRead).toBeLessThan(1_000)
})

describe('plain', () => {
  test('bytes are bare JSON, both ways', async () => {
    const l2 = memoryStore()
    const cache = createCache({ namespace: 'shop', l2, format: 'plain' })
    await cache.set(['product', 7], { id: 7, name: 'Zürich' })
    expect(String(await l2.get('tc1:e:shop:product:7'))).toBe('{"id":7,"name":"Zürich"}')
    await l2.setMany([{ key: 'tc1:e:shop:product:8', value: Buffer.from(' [1, null] '), ttlMs: 1_000 }])
    expect(await cache.get(['product', 8])).toEqual([1, null])
    await cache.set('none', null)
    expect(String(await l2.get('tc1:e:shop:none'))).toBe('null')
  })

  test('no lease ever stands where others read values, and what came during a load stays', async () => {
    const l2 = memoryStore()
    const cache = createCache({ l2, format: 'plain', ttl: '10s', grace: '1m', refreshAhead: 0.5 })
    const during: unknown[] = []
    const load = async () => {
      during.push(await l2.get('tc1:e::k'))
      return 1
    }
    expect(await cache.getOrSet('k', load)).toBe(1)
    await cache.idle()
    expect(String(await l2.get('tc1:e::k'))).toBe('1')
    expect(await cache.getOrSet('k', load, { forceFresh: true })).toBe(1)
    expect(during).toEqual([undefined, undefined])
    await cache.delete('k')
    const raced = cache.getOrSet('k', async () => {
      await l2.setMany([{ key: 'tc1:e::k', value: Buffer.from('2'), ttlMs: 1_000 }])
      return 1
    })
    expect(await raced).toBe(1)
    await cache.idle()
    expect(String(await l2.get('tc1:e::k'))).toBe('2')
  })

  test('bytes that are no JSON are a miss, and a load replaces them', async () => {
    const l2 = memoryStore()
    const cache = createCache({ l2, format: 'plain' })
    const log = eventLog(cache)
    for (const garbage of ['', 'V', '{"id":', 'undefined']) {
      await l2.setMany([{ key: 'tc1:e::k', value: Buffer.from(garbage), ttlMs: 1_000 }])
      expect(await cache.get('k')).toBeUndefined()
    }
    expect(log.filter((line) => line === 'read.rejected payload')).toHaveLength(4)
    expect(await cache.getOrSet('k', () => 5)).toBe(5)
    await cache.idle()
    expect(String(await l2.get('tc1:e::k'))).toBe('5')
  })

  test('what was read stays in L1 until a change is heard, and for a second at most, since its end is not known', async () => {
    let nowMs = 1_000
    const clock = { monotonicMs: () => nowMs }
    const l2 = memoryStore({ clock })
    await l2.setMany([{ key: 'tc1:e::k', value: Buffer.from('1'), ttlMs: 60_000 }])
    const cache = createCache({ l2, clock, format: 'plain', ttl: '10m' })
    expect(await cache.get('k')).toBe(1)
    const read = vi.spyOn(l2, 'get')
    nowMs += 999
    expect(await cache.get('k')).toBe(1)
    expect(read).not.toHaveBeenCalled()
    nowMs += 1
    expect(await cache.get('k')).toBe(1)
    expect(read).toHaveBeenCalledOnce()
    await l2.setMany([{ key: 'tc1:e::k', value: Buffer.from('2'), ttlMs: 60_000 }])
    expect(await cache.get('k')).toBe(2)
  })
})
