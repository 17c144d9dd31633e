import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32Short, hashText } from './hash.ts'

test('the short sum is CRC-32', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(crc32Short(bytes, 0, bytes.length)).toBe(crc32(bytes))
    }),
  )
})

test('the hash of a key is stable: it is part of the wire format', () => {
  expect(hashText('tc1:shop:e:product:7')).toEqual(hashText('tc1:shop:e:product:7'))
  expect(hashText('')).toMatchInlineSnapshot(`
    [
      451841411,
      3243087473,
    ]
  `)
  expect(hashText('tc1:shop:e:product:7')).toMatchInlineSnapshot(`
    [
      550980409,
      2586520437,
    ]
  `)
})

test('a hundred thousand similar keys have a hundred thousand hashes', () => {
  const seen = new Set<string>()
  for (let i = 0; i < 100_000; i += 1) seen.add(hashText(`tc1:shop:e:product:${i}`).join())
  expect(seen.size).toBe(100_000)
})
