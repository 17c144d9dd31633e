import { describe, expect, it } from 'vitest'
import { slotOf } from './slot.ts'

describe('slotOf', () => {
  it('is CRC16 modulo 16384', () => {
    // The check value of CRC16/XMODEM, 0x31C3, and what `CLUSTER KEYSLOT` of a server answers for the others.
    expect(slotOf('123456789')).toBe(12739)
    expect(slotOf('')).toBe(0)
    expect(slotOf('foo')).toBe(12182)
    expect(slotOf('somekey')).toBe(11058)
  })

  it('hashes only the tag, if there is one', () => {
    expect(slotOf('{user1000}.following')).toBe(slotOf('user1000'))
    expect(slotOf('{user1000}.followers')).toBe(slotOf('user1000'))
    expect(slotOf('foo{{bar}}zap')).toBe(slotOf('{bar'))
    expect(slotOf('foo{bar}{zap}')).toBe(slotOf('bar'))
    expect(slotOf('}{bar}')).toBe(slotOf('bar'))
  })

  it('hashes all where the tag is empty or open', () => {
    expect(slotOf('foo{}{bar}')).toBe(8363)
    expect(slotOf('foo{}{bar}')).not.toBe(slotOf('bar'))
    expect(slotOf('{open')).not.toBe(slotOf('open'))
  })

  it('hashes text as UTF-8', () => {
    expect(slotOf('{ключ}:1')).toBe(slotOf('ключ'))
    expect(slotOf('é')).toBe(slotOf('{é}'))
    expect(slotOf('é')).not.toBe(slotOf('\u00e9'.normalize('NFD')))
  })
})
