import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { aesGcm } from './aes-gcm.ts'
import { hmac } from './hmac.ts'

const secret = (): Buffer => randomBytes(32)
const context = Buffer.from('context')
const payload = Buffer.from('{"id":7}')

describe.each([
  ['hmac', hmac],
  ['aesGcm', aesGcm],
] as const)('%s', (name, create) => {
  test.each([0, 1, 1_000])('opens what it sealed: %i bytes', (length) => {
    const seal = create({ keys: [{ id: 7, secret: secret() }] })
    const bytes = randomBytes(length)
    const sealed = seal.seal(bytes, context)
    expect(sealed.length).toBe(length + seal.addedBytes)
    expect(seal.open(sealed, context)).toEqual(bytes)
  })

  test('does not open with any bit changed, in another context, or cut', () => {
    const seal = create({ keys: [{ id: 7, secret: secret() }] })
    const sealed = seal.seal(payload, context)
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const bytes = Buffer.from(sealed)
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
      expect(seal.open(bytes, context), `bit ${bit}`).toBe(bit < 40 ? 'unknown-key' : 'forged')
    }
    expect(seal.open(sealed, Buffer.from('another'))).toBe('forged')
    for (let length = 0; length < sealed.length; length += 1) expect(seal.open(sealed.subarray(0, length), context)).toBeTypeOf('string')
  })

  test('seals with the first key and opens with all; a key that is gone is unknown, one of the same id is forged', () => {
    const [old, young] = [
      { id: 1, secret: secret() },
      { id: 2, secret: secret() },
    ]
    const sealed = create({ keys: [old] }).seal(payload, context)
    const both = create({ keys: [young, old] })
    expect(both.open(sealed, context)).toEqual(payload)
    expect(both.seal(payload, context).readUInt32LE(1)).toBe(2)
    expect(create({ keys: [young] }).open(sealed, context)).toBe('unknown-key')
    expect(create({ keys: [{ id: 1, secret: secret() }] }).open(sealed, context)).toBe('forged')
  })

  test.each([
    ['no options', undefined],
    ['no keys', { keys: [] }],
    ['a short secret', { keys: [{ id: 1, secret: randomBytes(31) }] }],
    ['text', { keys: [{ id: 1, secret: 'x'.repeat(32) }] }],
    ['a negative id', { keys: [{ id: -1, secret: secret() }] }],
    ['too large an id', { keys: [{ id: 2 ** 32, secret: secret() }] }],
    ['an id twice', { keys: [{ id: 1, secret: secret() }].flatMap((key) => [key, key]) }],
    ['no object', { keys: [null] }],
  ])('refuses %s', (_name, options) => {
    expect(() => create(options as never)).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_OPTION' }))
  })

  test('refuses an option it does not know, and never shows a secret', () => {
    expect(() => create({ keys: [], key: 1 } as never)).toThrow(expect.objectContaining({ code: 'TIERCEL_UNKNOWN_OPTION' }))
    expect(() => create({ keys: [{ id: 1, secret: 'hunter2' }] } as never)).toThrow(/^(?!.*hunter2).*base64/)
    expect(name).not.toBe('')
  })
})

test('a scheme does not open what the other sealed', () => {
  const keys = [{ id: 1, secret: secret() }]
  expect(aesGcm({ keys }).open(hmac({ keys }).seal(payload, context), context)).toBe('unknown-key')
})

test('equal values are encrypted to unequal bytes', () => {
  const seal = aesGcm({ keys: [{ id: 1, secret: secret() }] })
  expect(new Set(Array.from({ length: 600 }, () => seal.seal(payload, context).toString('hex'))).size).toBe(600)
})

// https://c2sp.org/XAES-256-GCM: one vector without, one with associated data; one of the two keys needs the carry of the subkey.
test.each([
  ['01', '', 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271'],
  ['03', 'c2sp.org/XAES-256-GCM', '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d'],
])('the vector of the specification with the key %s…', (byte, associated, expected) => {
  const seal = aesGcm({ keys: [{ id: 1, secret: Buffer.from(byte.repeat(32), 'hex') }] })
  const [text, tag] = [expected.slice(0, 24), expected.slice(24)]
  const sealed = Buffer.from(`0201000000${Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWX').toString('hex')}${tag}${text}`, 'hex')
  expect(String(seal.open(sealed, Buffer.from(associated)))).toBe('XAES-256-GCM')
})
