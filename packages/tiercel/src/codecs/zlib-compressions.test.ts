import * as zlib from 'node:zlib'
import { deflateRawSync, gzipSync, inflateRawSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Compression } from './compression.ts'
import { pack, unpack } from './packing.ts'
import { brotli, gzip, zstd } from './zlib-compressions.ts'

const limit = 1_000_000
const text = JSON.stringify(Array.from({ length: 300 }, (_, id) => ({ id, name: `Product ${id}` })))
const hasZstd = 'zstdCompressSync' in zlib
const own: Compression = { id: 64, compress: (bytes) => deflateRawSync(bytes), decompress: (bytes) => inflateRawSync(bytes) }

describe.each([
  ['brotli', brotli],
  ['gzip', gzip],
  ...(hasZstd ? [['zstd', zstd] as const] : []),
  ['one of the caller', () => own],
] as const)('%s', (_name, create) => {
  const compression = create()
  const packed = pack(compression, text) as Buffer

  test('makes a large text smaller, and back', () => {
    expect(packed.length).toBeLessThan(text.length / 3)
    expect(String(unpack(compression, packed, limit))).toBe(text)
    expect(String(unpack(compression, pack(compression, Buffer.from(text)) as Buffer, limit))).toBe(text)
  })

  test('leaves alone what is small, and what does not shrink', () => {
    expect(pack(compression, text.slice(0, 4_095))).toBeUndefined()
    expect(pack(compression, text.slice(0, 4_096))).toBeDefined()
    expect(pack(compression, Buffer.from(gzipSync(text).toString('base64').slice(0, 2_000).repeat(1)))).toBeUndefined()
  })

  test('cut at any length it is no value', () => {
    for (let length = 0; length < packed.length; length += 1) {
      const cut = unpack(compression, packed.subarray(0, length), limit)
      expect(cut, `${length}`).toBeTypeOf('string')
    }
  })

  test('a bomb does not go off, whatever it says of its size', () => {
    const bomb = pack(compression, Buffer.alloc(limit * 20)) as Buffer
    expect(bomb.length).toBeLessThan(limit)
    expect(unpack(compression, bomb, limit)).toBe('too-large')
    bomb.writeUInt32LE(1_000, 0)
    expect(unpack(compression, bomb, limit)).toBe('payload')
    bomb.writeUInt32LE(0, 0)
    expect(unpack(compression, bomb, limit)).toBe('payload')
  })

  test('a size that is not the right one is no value', () => {
    for (const sizeBytes of [text.length - 1, text.length + 1]) {
      const lying = Buffer.from(packed)
      lying.writeUInt32LE(sizeBytes, 0)
      expect(unpack(compression, lying, limit)).toBe('payload')
    }
  })
})

test.runIf(!hasZstd)('zstd says from which Node on there is one', () => {
  expect(() => zstd()).toThrow(expect.objectContaining({ code: 'TIERCEL_UNSUPPORTED', message: expect.stringContaining('22.15') }))
})

test.each([
  [() => brotli({ level: 12 }), 'TIERCEL_INVALID_OPTION'],
  [() => gzip({ level: 0 }), 'TIERCEL_INVALID_OPTION'],
  [() => gzip({ minBytes: '4 tons' as never }), 'TIERCEL_INVALID_OPTION'],
  [() => brotli({ quality: 1 } as never), 'TIERCEL_UNKNOWN_OPTION'],
])('an option that is not allowed is refused: %s', (create, code) => {
  expect(create).toThrow(expect.objectContaining({ code }))
})
