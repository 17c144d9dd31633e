import { describe, expect, it } from 'vitest'
import { glideFolderOf } from './glide-reply.ts'

const bytes = (text: string): Buffer => Buffer.from(text)
const map = (...pairs: readonly (readonly [string, unknown])[]) => pairs.map(([key, value]) => ({ key: bytes(key), value }))

describe('replies of GLIDE get the RESP2 shape', () => {
  it.each<{ command: string; given: unknown; folded: unknown }>([
    { command: 'SET k v', given: 'OK', folded: bytes('OK') },
    { command: 'GET k', given: null, folded: null },
    { command: 'EXPIRE k 1', given: true, folded: 1 },
    { command: 'SMISMEMBER k a b', given: [true, false], folded: [1, 0] },
    { command: 'HGETALL k', given: map(['f', bytes('v')], ['g', bytes('w')]), folded: ['f', 'v', 'g', 'w'].map(bytes) },
    { command: 'HGETALL k', given: [], folded: [] },
    { command: 'HRANDFIELD k 1 WITHVALUES', given: [[bytes('f'), bytes('v')]], folded: ['f', 'v'].map(bytes) },
    { command: 'ZSCORE k m', given: 1, folded: bytes('1') },
    { command: 'zscore k m', given: Number.NEGATIVE_INFINITY, folded: bytes('-inf') },
    { command: 'ZMSCORE k m n', given: [1.5, null], folded: [bytes('1.5'), null] },
    { command: 'ZADD k INCR 1 m', given: 3, folded: bytes('3') },
    { command: 'ZADD k 1 m', given: 1, folded: 1 },
    { command: 'ZRANGE k 0 -1 WITHSCORES', given: map(['m', 1], ['n', 2.5]), folded: ['m', '1', 'n', '2.5'].map(bytes) },
    {
      command: 'EVAL s 0',
      given: [1, 2.5, 10n ** 20n, map(['a', 1])],
      folded: [1, bytes('2.5'), bytes(`1${'0'.repeat(20)}`), [bytes('a'), 1]],
    },
  ])('$command', ({ command, given, folded }) => {
    expect(glideFolderOf(command.split(' '))(given)).toEqual(folded)
  })

  it('of streams: entries in pairs, their fields flat', () => {
    const entries = map(['1-1', [['f', 'v'].map(bytes), ['g', 'w'].map(bytes)]])
    const folded = [[bytes('1-1'), ['f', 'v', 'g', 'w'].map(bytes)]]
    expect(glideFolderOf(['XRANGE', 'k', '-', '+'])(entries)).toEqual(folded)
    expect(glideFolderOf(['XREAD', 'STREAMS', 'k', '0'])(map(['k', entries]))).toEqual([[bytes('k'), folded]])
    expect(glideFolderOf(['XREAD', 'STREAMS', 'k', '0'])(null)).toBe(null)
    expect(glideFolderOf(['XAUTOCLAIM', 'k'])([bytes('0-0'), entries, []])).toEqual([bytes('0-0'), folded, []])
  })
})
