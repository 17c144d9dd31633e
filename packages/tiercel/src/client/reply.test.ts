import { describe, expect, it } from 'vitest'
import { ServerError, StoreError } from '../kernel/errors.ts'
import { folderOf, foldReply, toClientError } from './reply.ts'

class ErrorReply extends Error {}

const bytes = (text: string): Buffer => Buffer.from(text)

describe('foldReply', () => {
  it('leaves what has the shape already as it is, the very same', () => {
    const reply = [bytes('a'), null, 1, [bytes('b')]]
    expect(foldReply(reply)).toBe(reply)
    expect(foldReply(reply[0])).toBe(reply[0])
  })

  it('folds what RESP3 adds', () => {
    expect(foldReply(true)).toBe(1)
    expect(foldReply([false, '2.5', ['inf', 123456789012345678901234567890n]])).toEqual([
      0,
      bytes('2.5'),
      [bytes('inf'), bytes('123456789012345678901234567890')],
    ])
    expect(foldReply(Object.assign(Object.create(null), { a: bytes('b') }))).toEqual([bytes('a'), bytes('b')])
    expect(foldReply(undefined)).toBe(null)
  })

  it('makes errors inside arrays server errors', () => {
    expect(foldReply([1, new ErrorReply('WRONGTYPE no')])).toEqual([1, expect.objectContaining({ reply: 'WRONGTYPE' })])
  })
})

describe('folderOf', () => {
  it('flattens pairs, in either protocol', () => {
    const fold = folderOf('ZRANGE')
    expect(fold([[bytes('m'), '1.5']])).toEqual([bytes('m'), bytes('1.5')])
    expect(fold([bytes('m'), bytes('1.5')])).toEqual([bytes('m'), bytes('1.5')])
    expect(fold([])).toEqual([])
  })

  it('makes pairs of streams, in either protocol', () => {
    const fold = folderOf('XREAD')
    expect(fold([bytes('s'), [], bytes('t'), []])).toEqual([
      [bytes('s'), []],
      [bytes('t'), []],
    ])
    expect(fold([[bytes('s'), []]])).toEqual([[bytes('s'), []]])
    expect(fold(null)).toBe(null)
  })

  it('is foldReply for all others', () => {
    expect(folderOf('GET')).toBe(foldReply)
    expect(folderOf(bytes('GET'))).toBe(foldReply)
  })
})

describe('toClientError', () => {
  it('tells the server from the link by class, and by text where classes have lost their names', () => {
    expect(toClientError(new ErrorReply('my script said no'))).toBeInstanceOf(ServerError)
    expect(toClientError(new Error('OOM command not allowed'))).toMatchObject({ reply: 'OOM' })
    for (const text of ['Socket closed unexpectedly', 'read ECONNRESET', 'Connection is closed.', 'The client is closed']) {
      const error = toClientError(new Error(text))
      expect(error).toBeInstanceOf(StoreError)
      expect(error).toMatchObject({ code: 'TIERCEL_STORE_UNAVAILABLE', cause: { message: text } })
    }
  })

  it('does not hold on to the command that ioredis hangs on its errors', () => {
    const theirs = Object.assign(new Error('Command aborted'), { command: { name: 'auth', args: ['secret'] } })
    expect(toClientError(theirs).cause).toBeUndefined()
  })

  it('leaves our own alone', () => {
    const error = new StoreError('TIERCEL_STORE_UNAVAILABLE', 'away')
    expect(toClientError(error)).toBe(error)
  })
})
