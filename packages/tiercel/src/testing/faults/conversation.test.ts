import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Conversation } from './conversation.ts'
import type { Decide } from './decision.ts'

function converse(decide: Decide | undefined) {
  const seen = { server: [] as Buffer[], client: [] as Buffer[], events: [] as string[] }
  const conversation = new Conversation({
    toServer: (bytes) => seen.server.push(bytes),
    toClient: (bytes) => seen.client.push(bytes),
    finish: (how) => seen.events.push(how),
    reset: () => seen.events.push('reset'),
    decide: decide ?? (() => undefined),
    mayDecide: () => decide !== undefined,
    onCommand: () => undefined,
    onUntracked: (because) => seen.events.push(because),
  })
  const text = (of: 'server' | 'client'): string => Buffer.concat(seen[of]).toString()
  return { conversation, events: seen.events, text }
}

function cut(text: string, places: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text)
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

const places = fc.array(fc.nat(3_000), { maxLength: 10 })

describe('between a client and a server', () => {
  test('every reply is where it belongs, whatever is decided and however it is cut', () => {
    const command = fc.record({
      kind: fc.constantFrom('pass', 'instead', 'after'),
      reply: fc.constantFrom(
        '+OK\r\n',
        '$-1\r\n',
        '$4\r\n+OK\n\r\n',
        '*2\r\n*1\r\n:1\r\n%1\r\n+a\r\n+b\r\n',
        '-ERR no\r\n',
        '|1\r\n+a\r\n:1\r\n_\r\n',
      ),
      push: fc.constantFrom('', '', '>2\r\n+invalidate\r\n*1\r\n$1\r\na\r\n'),
      isLate: fc.boolean(),
    })
    const decide: Decide = ({ name }) =>
      name === 'PASS' ? undefined : { kind: name === 'AFTER' ? 'after' : 'instead', reply: Buffer.from('-BUSY\r\n') }
    fc.assert(
      fc.property(fc.array(command, { maxLength: 12 }), places, places, (commands, sentCuts, repliedCuts) => {
        const { conversation, events, text } = converse(decide)
        const encoded = commands.map(({ kind }, at) => `*2\r\n$${kind.length}\r\n${kind}\r\n$2\r\n${String(at).padStart(2, '0')}\r\n`)
        for (const chunk of cut(encoded.join(''), sentCuts)) conversation.takeRequests(chunk)
        const isSent = ({ kind }: { readonly kind: string }): boolean => kind !== 'instead'
        expect(text('server')).toBe(encoded.filter((_, at) => isSent(commands[at] as { readonly kind: string })).join(''))
        const replies = commands.filter(isSent).map(({ push, reply }) => push + reply)
        for (const chunk of cut(replies.join(''), repliedCuts)) conversation.takeReplies(chunk)
        const wanted = commands.map(({ kind, reply }) => (kind === 'pass' ? reply : '-BUSY\r\n')).join('')
        const withoutPushes = text('client').replaceAll('>2\r\n+invalidate\r\n*1\r\n$1\r\na\r\n', '')
        expect(withoutPushes).toBe(wanted)
        expect(text('client').length - wanted.length).toBe(
          replies.join('').length -
            commands
              .filter(isSent)
              .map(({ reply }) => reply)
              .join('').length,
        )
        expect(events).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  test('garbage passes as it comes, on both sides, rules or not', () => {
    const bit = fc.constantFrom('*1\r\n', '$3\r\n', 'GET\r\n', '\r\n', '-', '>', '*-7\r\n', 'x', '"', '$99\r\n', ':1\r\n')
    const garbage = fc.array(bit, { maxLength: 60 }).map((bits) => bits.join(''))
    fc.assert(
      fc.property(garbage, garbage, places, fc.boolean(), (sent, replied, cuts, hasRules) => {
        const { conversation, text } = converse(hasRules ? () => undefined : undefined)
        for (const chunk of cut(sent, cuts)) conversation.takeRequests(chunk)
        for (const chunk of cut(replied, cuts)) conversation.takeReplies(chunk)
        if (!hasRules) expect(text('server')).toBe(sent)
        conversation.endRequests()
        conversation.endReplies()
        expect([text('server'), text('client')]).toEqual([sent, replied])
      }),
      { numRuns: 500 },
    )
  })

  test('a long request may come byte by byte', () => {
    const { conversation, text } = converse(() => undefined)
    const value = 'v'.repeat(200_000)
    const sent = Buffer.from(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${value.length}\r\n${value}\r\n`)
    for (let at = 0; at < sent.length; at += 1) conversation.takeRequests(sent.subarray(at, at + 1))
    expect(text('server').length).toBe(sent.length)
  })

  test('a long pipeline keeps its order', () => {
    const { conversation, text } = converse(({ args }) =>
      Number(args[0]) % 100 === 7 ? { kind: 'instead', reply: Buffer.from('-BUSY\r\n') } : undefined,
    )
    const numbers = Array.from({ length: 10_000 }, (_, at) => at)
    conversation.takeRequests(Buffer.from(numbers.map((number) => `ECHO ${number}\r\n`).join('')))
    conversation.takeReplies(Buffer.from(numbers.flatMap((number) => (number % 100 === 7 ? [] : `:${number}\r\n`)).join('')))
    expect(text('client')).toBe(numbers.map((number) => (number % 100 === 7 ? '-BUSY\r\n' : `:${number}\r\n`)).join(''))
  })

  test('when replies are lost that were promised, the connection breaks', () => {
    const { conversation, events, text } = converse(({ name }) =>
      name === 'GET' ? { kind: 'instead', reply: Buffer.from('-BUSY\r\n') } : undefined,
    )
    conversation.takeRequests(Buffer.from('PING\r\nGET a\r\n'))
    conversation.takeReplies(Buffer.from('what?\r\n'))
    expect(text('client')).toBe('what?\r\n')
    expect(events).toEqual(['the server sent what is no RESP', 'reset'])
  })

  test('a request whose beginning has passed passes whole', () => {
    let hasRules = false
    const decided: string[] = []
    const sent: Buffer[] = []
    const conversation = new Conversation({
      toServer: (bytes) => sent.push(bytes),
      toClient: () => undefined,
      finish: () => undefined,
      reset: () => undefined,
      decide: ({ args }) => {
        decided.push(args.join(' '))
        return undefined
      },
      mayDecide: () => hasRules,
      onCommand: () => undefined,
      onUntracked: () => undefined,
    })
    conversation.takeRequests(Buffer.from('GET '))
    expect(String(sent)).toBe('GET ')
    hasRules = true
    conversation.takeRequests(Buffer.from('a\r\nGET b\r\nGET'))
    expect(Buffer.concat(sent).toString()).toBe('GET a\r\nGET b\r\n')
    expect(decided).toEqual(['b'])
  })

  test('a refused HELLO changes nothing', () => {
    const { conversation, events } = converse(undefined)
    conversation.takeRequests(Buffer.from('HELLO 3\r\n'))
    conversation.takeReplies(Buffer.from('-NOPROTO no\r\n'))
    conversation.takeRequests(Buffer.from('SUBSCRIBE a\r\n'))
    expect(events).toEqual(['SUBSCRIBE was sent in RESP2'])
  })
})
