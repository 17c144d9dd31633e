import { describe, expect, test } from 'vitest'
import { decodeEntry } from '../../src/codecs/envelope.ts'
import { decodeFailure, encodeFailure, leaseLengthMs, newLease, versionOf } from '../../src/codecs/marks.ts'

/** Written by version 1, read by every later one: these bytes never change. */
const lease = Buffer.from('4c000102030405060708090a0b10270000', 'hex')

describe('what a key holds while it has no value, wire version 1', () => {
  test('a lease: its token, and its length', () => {
    expect(decodeEntry(lease, 'any', undefined)).toEqual({ kind: 'lease' })
    expect(versionOf(lease).toString('hex')).toBe('000102030405060708090a0b')
    expect(leaseLengthMs(lease)).toBe(10_000)
  })

  test('a new lease has that layout, and a token that no other has', () => {
    const [one, other] = [newLease(10_000), newLease(10_000)]
    expect(one).toHaveLength(lease.length)
    expect(one[0]).toBe(lease[0])
    expect(one.subarray(13)).toEqual(lease.subarray(13))
    expect(one.equals(other)).toBe(false)
  })

  test('an error: its name, and its message', () => {
    const bytes = encodeFailure({ name: 'TypeError', message: 'no row' })
    expect(bytes.toString('hex')).toBe('4509547970654572726f726e6f20726f77')
    expect(decodeEntry(bytes, 'any', undefined)).toEqual({ kind: 'error' })
    expect(decodeFailure(bytes)).toEqual({ name: 'TypeError', message: 'no row' })
  })

  test('an error keeps a name of 64 bytes and a message of 200 characters', () => {
    const { name, message } = decodeFailure(encodeFailure({ name: 'N'.repeat(100), message: 'ü'.repeat(300) }))
    expect([name.length, message]).toEqual([64, 'ü'.repeat(200)])
  })

  test.each(['4c', '4c00', '45', '4504', '45ff41', '46'])('%s is read without harm', (hex) => {
    const bytes = Buffer.from(hex, 'hex')
    expect(decodeEntry(bytes, 'any', undefined).kind).toMatch(/^(lease|error|fence)$/)
    expect(leaseLengthMs(bytes)).toBe(0)
    expect(decodeFailure(bytes).name).toMatch(/./)
  })
})
