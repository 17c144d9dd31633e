import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ReplyReader } from './reply-reader.ts'
import { keysOf, type Request } from './request.ts'
import { RequestReader } from './request-reader.ts'

const runs = { numRuns: 300 }

/** A stream, cut at whatever places. */
function pieces(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

function repliesIn(chunks: readonly Buffer[]) {
  const reader = new ReplyReader()
  const all = chunks.flatMap((chunk) => reader.read(chunk))
  const replies = all.flatMap(({ reply }) => reply ?? [])
  return { replies, isLost: all.some(({ isLost }) => isLost), passed: Buffer.concat(all.map(({ bytes }) => bytes)), reader }
}

function requestsIn(chunks: readonly Buffer[]) {
  const reader = new RequestReader()
  const all = chunks.flatMap((chunk) => reader.read(chunk))
  const requests = all.flatMap(({ request }) => request ?? [])
  return { requests, isLost: all.some(({ isLost }) => isLost), passed: Buffer.concat(all.map(({ bytes }) => bytes)), reader }
}

const places = fc.array(fc.nat(5_000), { maxLength: 12 })
const line = fc.stringMatching(/^[ -~]{0,90}$/)
const bulk = fc.tuple(fc.constantFrom('$', '=', '!'), fc.uint8Array({ maxLength: 60 })).map(([type, bytes]) => block(type, bytes))
const plain = fc.oneof(
  bulk,
  fc.tuple(fc.constantFrom('+', '-', ':', ',', '#', '(', '_'), line).map(([type, text]) => Buffer.from(`${type}${text}\r\n`)),
  fc.constantFrom('$-1\r\n', '*-1\r\n', '*0\r\n', '~0\r\n', '%0\r\n').map((text) => Buffer.from(text)),
)
const { reply: anyReply } = fc.letrec<{ reply: Buffer; element: Buffer }>((tie) => ({
  element: fc.oneof({ maxDepth: 4 }, plain, tie('reply')),
  reply: fc.oneof(
    { maxDepth: 4 },
    plain,
    fc
      .tuple(fc.constantFrom('*', '~'), fc.array(tie('element'), { maxLength: 4 }))
      .map(([type, parts]) => Buffer.concat([Buffer.from(`${type}${parts.length}\r\n`), ...parts])),
    fc.array(fc.tuple(tie('element'), tie('element')), { maxLength: 3 }).map((pairs) => mapOf('%', pairs)),
    fc
      .tuple(fc.array(fc.tuple(tie('element'), tie('element')), { maxLength: 2 }), tie('reply'))
      .map(([pairs, of]) => Buffer.concat([mapOf('|', pairs), of])),
  ),
}))
const anyPush = fc
  .array(plain, { minLength: 1, maxLength: 4 })
  .map((parts) => Buffer.concat([Buffer.from(`>${parts.length}\r\n`), ...parts]))

function block(type: string, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${type}${bytes.length}\r\n`), bytes, Buffer.from('\r\n')])
}

function mapOf(type: string, pairs: readonly (readonly [Buffer, Buffer])[]): Buffer {
  return Buffer.concat([Buffer.from(`${type}${pairs.length}\r\n`), ...pairs.flat()])
}

function encode(args: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat([Buffer.from(`*${args.length}\r\n`), ...args.map((arg) => block('$', Buffer.from(arg)))])
}

describe('replies', () => {
  test('are found, however they are cut, and no byte is changed', () => {
    const stream = fc.array(
      fc.oneof(
        anyReply.map((bytes) => ({ bytes, isPush: false })),
        anyPush.map((bytes) => ({ bytes, isPush: true })),
      ),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(stream, places, (sent, cuts) => {
        const bytes = Buffer.concat(sent.map((reply) => reply.bytes))
        const found = repliesIn(pieces(bytes, cuts))
        expect(found.passed.equals(bytes)).toBe(true)
        expect(found.isLost).toBe(false)
        expect(found.replies.map(({ isPush }) => isPush)).toEqual(sent.map(({ isPush }) => isPush))
        expect(found.reader.isBetweenReplies).toBe(true)
      }),
      runs,
    )
  })

  test('tell what they are', () => {
    const bytes = Buffer.from('-ERR no\r\n!3\r\nERR\r\n|1\r\n+ttl\r\n:5\r\n$2\r\nok\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n+OK\r\n')
    expect(repliesIn([bytes]).replies.map(({ isPush, isError }) => [isPush, isError])).toEqual([
      [false, true],
      [false, true],
      [false, false],
      [true, false],
      [false, false],
    ])
  })

  test('nest as deep as it goes, in little time', () => {
    const depth = 20_000
    const startMs = performance.now()
    const found = repliesIn([Buffer.from(`${'*1\r\n'.repeat(depth)}:1\r\n+OK\r\n`)])
    expect(found.replies).toHaveLength(2)
    expect(performance.now() - startMs).toBeLessThan(200)
  })

  test.each(['hello\r\n', '+OK\n', '*x\r\n', '$-2\r\n', '$3\r\nabcd\r\n', '$?\r\n', '%-1\r\n', `:${'1'.repeat(99)}`.padEnd(2 << 20, '1')])(
    'what is none is told, and passes: %#',
    (text) => {
      const bytes = Buffer.from(`+OK\r\n${text}`)
      for (const chunks of [[bytes], pieces(bytes, [6, 7, 8, 9])]) {
        const found = repliesIn(chunks)
        expect([found.isLost, found.replies.length, found.passed.equals(bytes)]).toEqual([true, 1, true])
      }
    },
  )
})

describe('requests', () => {
  const arg = fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.constantFrom('', 'GET', '\r\n', '*1\r\n'))
  const inline = fc.stringMatching(/^[a-z]{1,9}( [a-z0-9]{1,9}){0,4}$/)

  test('are found, however they are cut, with their arguments, and no byte is changed', () => {
    const sent = fc.oneof(
      fc.array(arg, { minLength: 1, maxLength: 6 }).map((args) => ({ bytes: encode(args), args })),
      inline.map((text) => ({ bytes: Buffer.from(`${text}\r\n`), args: text.split(' ') })),
    )
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 8 }), places, (all, cuts) => {
        const bytes = Buffer.concat(all.map((request) => request.bytes))
        const found = requestsIn(pieces(bytes, cuts))
        expect(found.passed.equals(bytes)).toBe(true)
        expect(found.requests).toEqual(all.map(({ args: [name = '', ...args] }) => ({ name: name.toUpperCase(), args })))
        expect(found.isLost).toBe(false)
      }),
      runs,
    )
  })

  test('are kept in part when they are long', () => {
    const found = requestsIn([encode(['set', 'k'.repeat(5_000), 'v'.repeat(100_000), ...Array.from({ length: 2_000 }, () => 'x')])])
    const [{ args }] = found.requests as [Request]
    expect([args.length, args[0]?.length, args[1]?.length]).toEqual([1_024, 1_024, 1_024])
  })

  test('are told from what servers do not answer', () => {
    expect(requestsIn([Buffer.from('\r\n*0\r\n*-1\r\nPING "a b" \'c\'\r\n')]).requests).toEqual([
      'empty',
      'empty',
      'empty',
      { name: 'PING', args: ['a b', 'c'] },
    ])
  })

  test.each([
    '\x16\x03\x01\x02\x00',
    '*x\r\n',
    '*1\r\n:1\r\n',
    '*1\r\n$-1\r\n',
    '*1\r\n$1\r\nab\r\n',
    '*1\n',
    `*1\r\n$${'9'.repeat(14)}\r\n`,
    'x'.repeat(70_000),
  ])('what is none is told, and passes: %#', (text) => {
    const bytes = Buffer.from(`PING\r\n${text}`, 'latin1')
    for (const chunks of [[bytes], pieces(bytes, [7, 8, 9, 10])]) {
      const found = requestsIn(chunks)
      expect([found.isLost, found.requests.length, found.passed.equals(bytes)]).toEqual([true, 1, true])
    }
  })
})

test('whatever comes, nothing breaks, nothing is lost, and it takes no time', () => {
  const bit = fc.oneof(
    fc.constantFrom('*', '$', '>', '|', '%', '\r\n', '\r', '\n', '-1', '2', '1', '99999999999', '+', '"', 'a'),
    fc.string({ unit: 'binary', maxLength: 6 }),
  )
  const garbage = fc.oneof(
    fc.array(bit, { maxLength: 200 }).map((bits) => Buffer.from(bits.join(''), 'latin1')),
    fc.uint8Array({ maxLength: 4_000 }).map((bytes) => Buffer.from(bytes)),
  )
  let slowestMs = 0
  fc.assert(
    fc.property(garbage, places, (bytes, cuts) => {
      const startMs = process.cpuUsage().user
      expect(repliesIn(pieces(bytes, cuts)).passed.equals(bytes)).toBe(true)
      expect(requestsIn(pieces(bytes, cuts)).passed.equals(bytes)).toBe(true)
      slowestMs = Math.max(slowestMs, (process.cpuUsage().user - startMs) / 1_000)
    }),
    { numRuns: 1_000 },
  )
  // The bound is 10 ms; what a collection of garbage takes comes on top.
  expect(slowestMs).toBeLessThan(60)
})

test.each([
  ['GET a', 'a'],
  ['MGET a b', 'a b'],
  ['MSET a 1 b 2', 'a b'],
  ['EVALSHA abc 2 a b c', 'a b'],
  ['EVAL x 0 c', ''],
  ['ZUNIONSTORE d 2 a b WEIGHTS 1 2', 'd a b'],
  ['LMPOP 2 a b LEFT', 'a b'],
  ['BLPOP a b 0', 'a b'],
  ['XREADGROUP GROUP g c STREAMS a b 0 0', 'a b'],
  ['RENAME a b', 'a b'],
  ['OBJECT ENCODING a', 'a'],
  ['BITOP AND a b', 'a'],
  ['CLIENT SETNAME a', ''],
  ['PING', ''],
])('keys of %s', (text, keys) => {
  const [name = '', ...args] = text.split(' ')
  expect(keysOf({ name, args }).join(' ')).toBe(keys)
})
