import { describe, expect, it } from 'vitest'
import { decodeMessage, encodeHeartbeat, encodeInvalidation } from './bus-message.ts'

const sender = Buffer.from('000102030405060708090a0b', 'hex')
const names = { keys: ['product:7', 'é🔑', ''], tags: ['category:3\n', '__proto__'] }

describe('a message of the bus', () => {
  it('is these bytes in version 1', () => {
    expect(encodeHeartbeat(sender, 258).toString('hex')).toBe('cb0100000102030405060708090a0b000000000102')
    expect(encodeInvalidation(sender, 1, { keys: ['a'], tags: ['bc'] }).toString('hex')).toBe(
      'cb0101000102030405060708090a0b0000000000010001000100016100026263',
    )
  })

  it('comes out as it went in', () => {
    const head = { sender: sender.toString('hex'), isUnreadable: false }
    expect(decodeMessage(encodeInvalidation(sender, 2 ** 47, names))).toEqual({
      ...head,
      ...names,
      kind: 'invalidation',
      sequence: 2 ** 47,
    })
    expect(decodeMessage(encodeHeartbeat(sender, 0))).toEqual({ ...head, keys: [], tags: [], kind: 'heartbeat', sequence: 0 })
  })

  it('of a later version says who and which', () => {
    const later = encodeInvalidation(sender, 5, names)
    later[1] = 2
    expect(decodeMessage(later)).toMatchObject({ sequence: 5, isUnreadable: true, keys: [], tags: [] })
    expect(decodeMessage(Buffer.concat([later.subarray(0, 21), Buffer.from('something new')]))).toMatchObject({ isUnreadable: true })
    later[2] = 0
    expect(decodeMessage(later)).toMatchObject({ kind: 'heartbeat', isUnreadable: false })
  })

  it('that is cut off or too long is none', () => {
    const whole = encodeInvalidation(sender, 1, names)
    for (let length = 0; length < whole.length; length++) expect(decodeMessage(whole.subarray(0, length))).toBe(undefined)
    expect(decodeMessage(Buffer.concat([whole, Buffer.from([0])]))).toBe(undefined)
    expect(decodeMessage(Buffer.concat([encodeHeartbeat(sender, 1), Buffer.from([0])]))).toBe(undefined)
  })

  it('with any bytes at all is read or is none, and nothing is thrown', () => {
    let seed = 7
    const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) / 0x7fffffff
    const whole = encodeInvalidation(sender, 1, names)
    for (let round = 0; round < 20_000; round++) {
      const bytes = Buffer.from(whole)
      const changes = 1 + Math.floor(random() * 3)
      for (let change = 0; change < changes; change++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
      const message = decodeMessage(bytes)
      for (const name of [...(message?.keys ?? []), ...(message?.tags ?? [])]) expect(name.isWellFormed()).toBe(true)
    }
  })
})
