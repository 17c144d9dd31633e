import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32Short } from '../kernel/hash.ts'
import { decodeEntry, decodeTags, type EntryHead, encodeEntry, headerBytes } from './envelope.ts'

const head: EntryHead = {
  storedKey: 'tc1:shop:e:product:7',
  codec: 1,
  createdAtMs: 1_790_000_000_000,
  staleAtMs: 1_790_000_300_000,
  deadAtMs: 1_790_003_900_000,
  loadCostMs: 12.345,
}
const tags = [
  { name: '', hardToken: randomBytes(12), softToken: randomBytes(12) },
  { name: 'category:Zürich', hardToken: randomBytes(12), softToken: randomBytes(12) },
]
const payload = '{"id":7,"name":"Zürich"}'

describe('an entry', () => {
  test('comes back whole', () => {
    const bytes = encodeEntry({ ...head, tags }, { payload })
    const decoded = decodeEntry(bytes, head.storedKey, undefined)
    expect(decoded).toEqual({
      kind: 'value',
      isMarkedStale: false,
      isNull: false,
      isAbsent: false,
      codec: 1,
      compression: 0,
      isSealed: false,
      createdAtMs: head.createdAtMs,
      staleAtMs: head.staleAtMs,
      deadAtMs: head.deadAtMs,
      loadCostMs: 12.345,
      tagCount: 2,
      payloadStart: bytes.length - Buffer.byteLength(payload),
    })
    expect(bytes.toString('utf8', bytes.length - Buffer.byteLength(payload))).toBe(payload)
    expect(decodeTags(bytes, 2)).toEqual(tags)
  })

  test('tells null, absent and an empty payload apart', () => {
    const flags = (content: Parameters<typeof encodeEntry>[1]): unknown => {
      const decoded = decodeEntry(encodeEntry(head, content), head.storedKey, undefined)
      return decoded.kind === 'value' ? [decoded.isNull, decoded.isAbsent] : decoded
    }
    expect(flags('null')).toEqual([true, false])
    expect(flags('absent')).toEqual([false, true])
    expect(flags({ payload: '' })).toEqual([false, false])
  })

  test('has a new version each time, right after the kind', () => {
    const versions = Array.from({ length: 1_000 }, () => encodeEntry(head, { payload }).toString('hex', 1, 13))
    expect(new Set(versions).size).toBe(1_000)
  })

  test('is refused under another key', () => {
    const bytes = encodeEntry(head, { payload })
    expect(decodeEntry(bytes, 'tc1:shop:e:product:8', undefined)).toEqual({ kind: 'rejected', reason: 'other-key' })
  })

  test('with an echo is refused for another path', () => {
    const bytes = encodeEntry({ ...head, echo: 'x'.repeat(2_000), tags }, { payload })
    expect(decodeEntry(bytes, head.storedKey, 'x'.repeat(2_000)).kind).toBe('value')
    for (const other of ['x'.repeat(1_999), 'y'.repeat(2_000), 'x'.repeat(2_001), undefined]) {
      expect(decodeEntry(bytes, head.storedKey, other)).toEqual({ kind: 'rejected', reason: 'other-key' })
    }
  })

  test('can be marked stale in place by whoever rewrites bytes 1 to 17', () => {
    const bytes = encodeEntry(head, { payload })
    randomBytes(12).copy(bytes, 1)
    bytes[13] = 1
    bytes.writeUInt32LE(crc32Short(bytes, 0, 14), 14)
    expect(decodeEntry(bytes, head.storedKey, undefined)).toMatchObject({ kind: 'value', isMarkedStale: true })
  })
})

test.each([
  ['L', 'lease'],
  ['F', 'fence'],
  ['E', 'error'],
])('a content that begins with %s is a %s', (first, kind) => {
  expect(decodeEntry(Buffer.from(`${first}rest`), head.storedKey, undefined)).toEqual({ kind })
})

describe('bytes that were changed are never a value', () => {
  const whole = encodeEntry({ ...head, tags, echo: 'path' }, { payload })
  const isValue = (bytes: Buffer): boolean => decodeEntry(bytes, head.storedKey, 'path').kind === 'value'

  test('every single bit', () => {
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const bytes = Buffer.from(whole)
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(isValue(bytes), `bit ${bit}`).toBe(false)
    }
  })

  test('every cut and every addition', () => {
    for (let length = 0; length < whole.length; length += 1) expect(isValue(whole.subarray(0, length)), `${length}`).toBe(false)
    for (const extra of ['\0', 'x', payload]) expect(isValue(Buffer.concat([whole, Buffer.from(extra)]))).toBe(false)
  })

  test('random changes of any number of bytes', () => {
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(changes, (places) => {
        const bytes = Buffer.from(whole)
        for (const [at, byte] of places) bytes[at] = byte
        expect(isValue(bytes)).toBe(bytes.equals(whole))
      }),
      { numRuns: 20_000 },
    )
  })

  test('random bytes, also behind a right first byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isMarked) => {
        const content = Buffer.from(isMarked ? [0x56, ...bytes] : bytes)
        expect(isValue(content)).toBe(false)
      }),
      { numRuns: 5_000 },
    )
  })

  test('a newer wire version is told from damage', () => {
    const bytes = Buffer.from(whole)
    bytes[22] = 2
    expect(decodeEntry(bytes, head.storedKey, 'path')).toEqual({ kind: 'rejected', reason: 'wire-version' })
    expect(headerBytes).toBe(62)
  })
})
