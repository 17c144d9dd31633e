import { randomBytes } from 'node:crypto'
import { brotliCompressSync, crc32 } from 'node:zlib'
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import superjson from 'superjson'
import { describe, expect, test } from 'vitest'
import type { Cache } from '../../src/cache/cache.ts'
import { type CacheOptions, createCache } from '../../src/cache/create-cache.ts'
import { aesGcm } from '../../src/codecs/aes-gcm.ts'
import { encodeEntry, headerBytes } from '../../src/codecs/envelope.ts'
import { hmac } from '../../src/codecs/hmac.ts'
import { msgpackrCodec } from '../../src/codecs/msgpackr.ts'
import { structuredCodec } from '../../src/codecs/structured.ts'
import { superjsonCodec } from '../../src/codecs/superjson.ts'
import { brotli, gzip } from '../../src/codecs/zlib-compressions.ts'
import { crc32Short } from '../../src/kernel/hash.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import type { Store } from '../../src/stores/store.ts'

/** Somebody who can write to the server, and sets the sums right, for he knows the format as well as we do. */
const key = 'tc1:e:shop:k'
const value = { id: 7, text: 'again and again, '.repeat(8) }
const keys = [{ id: 1, secret: randomBytes(32) }]
const seals: readonly (readonly [string, CacheOptions])[] = [
  ['signed', { signing: hmac({ keys }) }],
  ['encrypted', { encryption: aesGcm({ keys }) }],
  ['compressed and encrypted', { encryption: aesGcm({ keys }), compression: brotli({ minBytes: 1 }) }],
]
const unsealed: readonly (readonly [string, CacheOptions])[] = [
  ['bare', {}],
  ['structured and compressed', { codec: structuredCodec, compression: brotli({ minBytes: 1 }) }],
]

describe.each([...seals, ...unsealed])('%s', (_name, options) => {
  const { l2, cache, read } = setUp(options)

  test('a flipped bit, wherever it is, is a miss', async () => {
    const entry = await entryOf(cache, l2)
    for (let bit = 0; bit < entry.length * 8; bit += 1) {
      expect(await read(flipped(entry, bit)), `bit ${bit}`).toBeUndefined()
    }
  })

  test('an entry cut at any length is a miss', async () => {
    const entry = await entryOf(cache, l2)
    for (let length = 0; length < entry.length; length += 1) expect(await read(entry.subarray(0, length)), `${length}`).toBeUndefined()
  })
})

describe.each(seals)('%s, against who can write to the server', (_name, options) => {
  const { l2, cache, read, reasons } = setUp(options)

  test('a flipped bit with its sums set right is a miss, unless it is of the version', async () => {
    const entry = await entryOf(cache, l2)
    for (let bit = 0; bit < entry.length * 8; bit += 1) {
      const at = bit >> 3
      const got = await read(withSums(flipped(entry, bit)))
      // A script that marks an entry stale rewrites the version, the state and their sum: these are not sealed, the sums are set right anyway.
      const isOpen = (at >= 1 && at <= 12) || (at >= 14 && at <= 21) || (at === 13 && (bit & 7) !== 0)
      expect(got, `bit ${bit}`).toEqual(isOpen ? value : undefined)
    }
  })

  test('an entry cut at any length with its sums set right is a miss', async () => {
    const entry = await entryOf(cache, l2)
    for (let length = headerBytes; length < entry.length; length += 1) {
      expect(await read(withSums(Buffer.from(entry.subarray(0, length)))), `${length}`).toBeUndefined()
    }
  })

  test('an entry of another key or namespace is a miss, also with the hash set right', async () => {
    await cache.set('k', value)
    for (const other of [cache.namespace('x'), cache] as const) {
      await other.set('other', { isAdmin: true })
      const stored = other === cache ? 'tc1:e:shop:other' : 'tc1:e:shop/x:other'
      const foreign = (await l2.get(stored)) as Buffer
      const own = (await l2.get(key)) as Buffer
      expect(await read(foreign)).toBeUndefined()
      own.copy(foreign, 26, 26, 34)
      expect(await read(withSums(foreign))).toBeUndefined()
      expect(reasons.at(-1)).toBe('forged')
    }
  })

  test('a null that nobody sealed, a null made of a value, and a value made of a null are misses', async () => {
    const bare = createCache({ namespace: 'shop', l2 })
    await bare.set('k', null)
    expect(await read((await l2.get(key)) as Buffer)).toBeUndefined()
    expect(reasons.at(-1)).toBe('unsealed')
    await cache.set('k', null)
    const ofNull = (await l2.get(key)) as Buffer
    expect(await read(ofNull)).toBe(null)
    for (const entry of [ofNull, await entryOf(cache, l2)]) {
      entry[23] = (entry[23] as number) ^ 1
      expect(await read(withSums(entry))).toBeUndefined()
      expect(reasons.at(-1)).toBe('forged')
    }
  })

  test('marked stale by a script it is no longer served, and still opens', async () => {
    const entry = await entryOf(cache, l2)
    randomBytes(12).copy(entry, 1)
    expect(await read(withSums(entry))).toEqual(value)
    entry[13] = 1
    expect(await read(withSums(entry))).toBeUndefined()
    expect(reasons.at(-1)).toBe('dead')
  })
})

describe.each<[string, CacheOptions, number, number]>([
  ['JSON', {}, 1, 0],
  ['structured', { codec: structuredCodec }, 2, 0],
  ['msgpackr', { codec: msgpackrCodec(new Packr({ moreTypes: true })) }, 3, 0],
  ['superjson', { codec: superjsonCodec(superjson) }, 4, 0],
  ['brotli', { compression: brotli() }, 1, 2],
  ['gzip', { compression: gzip() }, 1, 1],
  ['plain', { format: 'plain' }, 1, 0],
])('any payload behind a header that is right never throws: %s', (_name, options, codec, compression) => {
  const entry = (payload: Buffer): Buffer => {
    const times = { createdAtMs: Date.now(), staleAtMs: Date.now() + 60_000, deadAtMs: Date.now() + 60_000, loadCostMs: 0 }
    return options.format === 'plain' ? payload : encodeEntry({ storedKey: key, codec, compression, ...times }, { payload })
  }

  test('random bytes', async () => {
    const { read, reasons } = setUp(options)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.constantFrom('', '~', '~{"$', '[', '{"json":'), async (bytes, start) => {
        await read(entry(Buffer.concat([Buffer.from(start), bytes])))
      }),
      { numRuns: 500 },
    )
    // All came as far as the payload.
    expect(reasons.length).toBeGreaterThan(100)
    expect(reasons.filter((reason) => reason !== 'payload' && reason !== 'too-large')).toEqual([])
  })

  test.each(['[', '{"a":', '~[', '~[{"$map":[', '\x91'])('nested beyond all: %s', async (opening) => {
    const { read } = setUp(options)
    const closing = opening === '[' || opening === '~[' ? ']'.repeat(100_000) : ''
    const tilde = opening.startsWith('~') ? '~' : ''
    await read(entry(Buffer.from(tilde + opening.slice(tilde.length).repeat(100_000) + closing, 'latin1')))
  })
})

test('nothing of an encrypted value is in the server', async () => {
  const l2 = memoryStore()
  const cache = createCache({ namespace: 'shop', l2, encryption: aesGcm({ keys }) })
  expect(String(await entryOf(cache, l2))).not.toContain('again')
})

test('a bomb is a miss, whatever it says of its size, and the load goes on', async () => {
  const { l2, cache, read, reasons } = setUp({ compression: brotli({ minBytes: 1 }), maxValueBytes: '1mb' })
  const entry = await entryOf(cache, l2)
  const payloadStart = headerBytes + entry.readUInt32LE(58)
  const bomb = brotliCompressSync(Buffer.alloc(64 * 1024 ** 2))
  for (const [claimed, reason] of [
    [64 * 1024 ** 2, 'too-large'],
    [0xffff_ffff, 'too-large'],
    [1024 ** 2, 'payload'],
    [0, 'payload'],
  ] as const) {
    const size = Buffer.alloc(4)
    size.writeUInt32LE(claimed)
    const forged = withSums(Buffer.concat([entry.subarray(0, payloadStart), size, bomb]))
    expect(await read(forged)).toBeUndefined()
    expect(reasons.at(-1)).toBe(reason)
    await l2.setMany([{ key, value: forged, ttlMs: 60_000 }])
  }
  expect(await cache.getOrSet('k', () => 5)).toBe(5)
})

function setUp(options: CacheOptions): {
  readonly l2: Store
  readonly cache: Cache
  readonly read: (entry: Buffer) => Promise<unknown>
  readonly reasons: string[]
} {
  const l2 = memoryStore()
  const cache = createCache({ ...options, namespace: 'shop', l1: false, l2 })
  const reasons: string[] = []
  cache.on((event) => void (event.type === 'read.rejected' && reasons.push(event.reason)))
  // Past the store, which keeps a fence that a flipped bit makes.
  const stored = l2.get.bind(l2)
  let planted: Buffer | undefined
  l2.get = async (asked) => (asked === key && planted !== undefined ? planted : stored(asked))
  const read = async (entry: Buffer): Promise<unknown> => {
    planted = entry
    const got = await cache.get('k')
    planted = undefined
    return got
  }
  return { l2, cache, read, reasons }
}

async function entryOf(cache: Cache, l2: Store): Promise<Buffer> {
  await cache.set('k', value)
  return (await l2.get(key)) as Buffer
}

function flipped(entry: Buffer, bit: number): Buffer {
  const bytes = Buffer.from(entry)
  bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
  return bytes
}

function withSums(entry: Buffer): Buffer {
  entry.writeUInt32LE(crc32Short(entry, 0, 14), 14)
  entry.writeUInt32LE(crc32(entry.subarray(22)), 18)
  return entry
}
