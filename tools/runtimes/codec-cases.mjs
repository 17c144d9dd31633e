// Each way to store values, there and back, through a cache without memory of its own.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createCache, memoryStore } from 'tiercel'
import { aesGcm, brotli, gzip, hmac, structuredCodec, zstd } from 'tiercel/codecs'

const plain = { text: 'ключ 🔑'.repeat(1_000), list: [1, -0.5, null, false], deep: { empty: [] } }
const rich = { at: new Date(0), map: new Map([['k', new Set([1n])]]), bytes: Buffer.from([0, 255]), none: undefined }
const key = { id: 1, secret: randomBytes(32) }

const formats = [
  ['JSON', () => ({}), plain],
  ['structured', () => ({ codec: structuredCodec }), rich],
  ['gzip', () => ({ compression: gzip() }), plain],
  ['brotli', () => ({ compression: brotli() }), plain],
  ['zstd', () => ({ compression: zstd() }), plain],
  ['AES-GCM', () => ({ encryption: aesGcm({ keys: [key] }) }), plain],
  ['HMAC', () => ({ signing: hmac({ keys: [key] }) }), plain],
]

export function codecCases() {
  return formats.map(([name, format, value]) => ({
    name,
    async run() {
      const cache = createCache({ l1: false, l2: memoryStore(), ...format() })
      await cache.set('k', value)
      assert.deepEqual(await cache.get('k'), value)
      await cache.close()
    },
  }))
}
