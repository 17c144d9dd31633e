import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { type RunningServer, startStandalone } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Condition, cut } from '../../src/testing/faults/condition.ts'
import type { FaultEvent } from '../../src/testing/faults/fault-log.ts'
import { FaultProxy } from '../../src/testing/faults/fault-proxy.ts'
import type { Direction } from '../../src/testing/faults/proxy-link.ts'
import { reset } from '../../src/testing/faults/reset.ts'
import { EchoClient, EchoServer } from './echo.ts'

const waiting = { timeout: 10_000, interval: 2 }
const cutAt = (byte: number, direction: Direction): FaultEvent => ({ kind: 'cut', link: 1, direction, byte })

describe('between a client and an echo', () => {
  let server: EchoServer
  let proxy: FaultProxy
  let clients: EchoClient[]

  beforeEach(async () => {
    server = await EchoServer.start()
    proxy = await FaultProxy.start(server.address)
    clients = []
  })
  afterEach(async () => {
    for (const { socket } of clients) socket.destroy()
    await proxy.close()
    await server.close()
  })

  async function open(): Promise<EchoClient> {
    const client = await EchoClient.open(proxy.port)
    clients.push(client)
    return client
  }

  const echoed = (client: EchoClient, text: string): Promise<void> =>
    vi.waitFor(() => {
      if (client.received !== text) throw new Error(`received ${client.received.slice(0, 100)}`)
    }, waiting)

  const arrived = (text: string): Promise<void> => vi.waitFor(() => expect(server.received).toBe(text), waiting)

  test('everything passes, both ways, and is counted', async () => {
    const client = await open()
    const bytes = randomBytes(4 << 20)
    client.socket.write(bytes)
    await vi.waitFor(() => expect(proxy.links[0]?.bytesToClient).toBe(bytes.length), waiting)
    await vi.waitFor(() => expect(Buffer.concat(client.chunks).equals(bytes)).toBe(true), waiting)
    expect(proxy.links[0]).toMatchObject({ number: 1, bytesToServer: bytes.length, droppedBytes: 0 })
    expect(proxy.counts).toEqual({ opened: 1, refused: 0, killed: 0 })
  })

  test('an orderly end passes, and the other direction stays open for what is still to come', async () => {
    const client = await open()
    client.socket.end('over')
    expect(await client.closed).toBe(undefined)
    expect(client.received).toBe('overbye')
    await vi.waitFor(() => expect(proxy.links).toEqual([]), waiting)
  })

  test('a reset passes', async () => {
    const client = await open()
    client.send('a')
    await echoed(client, 'a')
    server.sockets[0]?.resetAndDestroy()
    expect(await client.closed).toBe('ECONNRESET')
  })

  test('a server that is not there resets', async () => {
    await server.close()
    const client = await open()
    expect(await client.closed).toBe('ECONNRESET')
  })

  test('held bytes arrive later, in order', async () => {
    const client = await open()
    client.send('a')
    await echoed(client, 'a')
    const lift = proxy.impose({ flow: 'hold' }, { direction: 'to-client' })
    client.send('b')
    await arrived('ab')
    client.send('c')
    await arrived('abc')
    expect(client.received).toBe('a')
    lift()
    await echoed(client, 'abc')
  })

  test('one direction is dead: what was sent arrives, no answer does, and nobody is told', async () => {
    const client = await open()
    proxy.impose({ flow: 'drop' }, { direction: 'to-client' })
    client.send('lost')
    await arrived('lost')
    await vi.waitFor(() => expect(proxy.links[0]?.droppedBytes).toBe(4), waiting)
    server.sockets[0]?.end()
    client.send(' again')
    await arrived('lost again')
    expect(client.received).toBe('')
    expect(client.socket.readyState).toBe('open')
    // What has a hole in it must not go on.
    proxy.heal()
    expect(await client.closed).toBe('ECONNRESET')
  })

  test('a hole both ways: neither the bytes nor the end get through', async () => {
    const client = await open()
    client.send('a')
    await echoed(client, 'a')
    proxy.impose({ flow: 'drop' })
    client.socket.destroy()
    await client.closed
    const other = await open()
    other.send('b')
    await vi.waitFor(() => expect(proxy.links[1]?.droppedBytes).toBe(1), waiting)
    expect(server.received).toBe('a')
    expect(server.sockets[0]?.readyState).toBe('open')
    proxy.heal()
    await vi.waitFor(() => expect(server.sockets[0]?.destroyed).toBe(true), waiting)
    expect(await other.closed).toBe('ECONNRESET')
  })

  test('what lost nothing goes on after a hole', async () => {
    const client = await open()
    proxy.impose({ flow: 'drop' })
    proxy.heal()
    client.send('a')
    await echoed(client, 'a')
  })

  test('what is reset while it ends is closed', async () => {
    const client = await open()
    client.send('a')
    await echoed(client, 'a')
    client.socket.end()
    reset(client.socket)
    await client.closed
  })

  test('delayed bytes are late, in order', async () => {
    const client = await open()
    proxy.impose({ delayMs: 40, jitterMs: 30 }, { direction: 'to-server' })
    const startMs = performance.now()
    for (const letter of 'abcdef') client.send(letter)
    await echoed(client, 'abcdef')
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(40)
  })

  test('a rate is kept', async () => {
    const client = await open()
    proxy.impose({ bytesPerSecond: 10_000, split: { every: 100 } }, { direction: 'to-client' })
    const startMs = performance.now()
    client.send('x'.repeat(1_000))
    await echoed(client, 'x'.repeat(1_000))
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(99)
  })

  test('bytes arrive one by one', async () => {
    const client = await open()
    proxy.impose({ split: { every: 1 } }, { direction: 'to-server' })
    client.send('one by one')
    await echoed(client, 'one by one')
    // The network may join some.
    expect(server.chunks.length).toBeGreaterThan(5)
  })

  test('a piece arrives in two parts', async () => {
    const client = await open()
    proxy.impose({ split: { after: 3 } }, { direction: 'to-client' })
    client.send('split')
    await echoed(client, 'split')
    expect(client.chunks.map(String)).toEqual(['spl', 'it'])
  })

  test('what comes close together arrives as one piece', async () => {
    const client = await open()
    const lift = proxy.impose({ coalesceMs: 60 }, { direction: 'to-server' })
    for (const letter of 'abcdef') {
      client.send(letter)
      await setTimeout(2)
    }
    await echoed(client, 'abcdef')
    expect(server.chunks.map(String)).toEqual(['abcdef'])
    await setTimeout(60)
    client.send('g')
    await arrived('abcdefg')
    lift()
    client.send('h')
    await echoed(client, 'abcdefgh')
    expect(server.chunks.map(String)).toEqual(['abcdef', 'g', 'h'])
  })

  test.each([
    ['reset', 'to-server', 'ECONNRESET'],
    ['reset', 'to-client', 'ECONNRESET'],
    ['end', 'to-client', undefined],
  ] as const)('a connection is cut at a byte: %s, %s', async (then, direction, code) => {
    proxy.impose({ cutAt: { byte: 6, then } }, { direction })
    const client = await open()
    client.send('abc')
    await echoed(client, 'abc')
    client.send('defghi')
    expect(await client.closed).toBe(code)
    expect(direction === 'to-server' ? server.received : client.received).toBe('abcde')
    expect(proxy.log).toEqual([{ kind: 'untracked', link: 1, request: 0, because: 'the server sent what is no RESP' }, cutAt(6, direction)])
  })

  test('a connection is cut at a byte and nobody is told', async () => {
    proxy.impose({ cutAt: { byte: 4, then: 'silence' } }, { direction: 'to-client' })
    const client = await open()
    client.send('abcdef')
    await echoed(client, 'abc')
    client.send('ghi')
    await arrived('abcdefghi')
    expect([client.received, client.socket.readyState]).toEqual(['abc', 'open'])
  })

  test('one half is closed: the receiver sees an end, and what it sends still arrives', async () => {
    const client = await open()
    client.socket.allowHalfOpen = true
    client.send('a')
    await echoed(client, 'a')
    expect(proxy.halfClose('to-client')).toBe(1)
    await once(client.socket, 'end')
    client.send('b')
    await arrived('ab')
    expect(client.received).toBe('a')
    client.socket.end()
    expect(await client.closed).toBe(undefined)
  })

  test('the other half is closed: the server sees an end, and what it sends still arrives', async () => {
    const client = await open()
    client.send('a')
    await echoed(client, 'a')
    expect(proxy.halfClose('to-server', ({ number }) => number === 2)).toBe(0)
    expect(proxy.halfClose('to-server')).toBe(1)
    client.send('lost')
    expect(await client.closed).toBe(undefined)
    expect([client.received, server.received]).toEqual(['abye', 'a'])
  })

  test('connections are broken: those that are picked, as is asked', async () => {
    const [first, second, third] = [await open(), await open(), await open()]
    second.send('CLIENT TRACKING ON')
    await echoed(second, 'CLIENT TRACKING ON')
    expect(proxy.kill('end', (link) => link.hasSent('TRACKING'))).toBe(1)
    expect(await second.closed).toBe(undefined)
    expect(proxy.kill('reset', ({ number }) => number === 1)).toBe(1)
    expect(await first.closed).toBe('ECONNRESET')
    third.send('a')
    await echoed(third, 'a')
    expect(proxy.counts).toEqual({ opened: 3, refused: 0, killed: 2 })
    expect(proxy.links.map(({ number }) => number)).toEqual([3])
  })

  test('a condition holds for those that it is for, from when they are', async () => {
    proxy.impose({ flow: 'hold' }, { direction: 'to-client', where: (link) => link.hasSent('TRACKING') })
    const [plain, tracking] = [await open(), await open()]
    tracking.send('a')
    await echoed(tracking, 'a')
    tracking.send('TRACKING')
    plain.send('b')
    await echoed(plain, 'b')
    await vi.waitFor(() => expect(server.received).toContain('TRACKING'), waiting)
    expect(tracking.received).toBe('a')
  })

  test('the last condition imposed is the one that holds', async () => {
    const client = await open()
    proxy.impose({ flow: 'hold' })
    const lift = proxy.impose({})
    client.send('a')
    await echoed(client, 'a')
    lift()
    client.send('b')
    await vi.waitFor(() => expect(proxy.links[0]?.hasSent('ab')).toBe(true), waiting)
    expect(server.received).toBe('a')
  })

  test('new connections are refused until all is well', async () => {
    const before = await open()
    proxy.refuse()
    const refused = new EchoClient(proxy.port)
    expect(await refused.closed).toBe('ECONNRESET')
    before.send('a')
    await echoed(before, 'a')
    proxy.heal()
    const after = await open()
    after.send('b')
    await echoed(after, 'b')
    expect(proxy.counts).toEqual({ opened: 2, refused: 1, killed: 0 })
  })

  test('closing ends what is open, whatever is imposed', async () => {
    const client = await open()
    client.send('a')
    await echoed(client, 'a')
    proxy.impose({ flow: 'drop' })
    client.send('b')
    const { port } = proxy
    await proxy.close()
    expect(await client.closed).toBe('ECONNRESET')
    await vi.waitFor(() => expect(server.sockets[0]?.destroyed).toBe(true), waiting)
    expect(await new EchoClient(port).closed).toBe('ECONNREFUSED')
  })
})

describe('between a client and Valkey', () => {
  let server: RunningServer
  let proxy: FaultProxy
  let client: Redis

  beforeAll(async () => {
    server = await startStandalone()
    proxy = await FaultProxy.start(server)
    client = new Redis(proxy.url, { retryStrategy: () => 5 })
    client.on('error', () => undefined)
  })
  afterEach(() => proxy.heal())
  afterAll(async () => {
    client.disconnect()
    await proxy.close()
    await server.stop()
  })

  test.each([
    ['every byte', { split: { every: 1 } }],
    ['late', { delayMs: 5, jitterMs: 10 }],
    ['slow', { bytesPerSecond: 500_000, split: { every: 1_460 } }],
  ])('replies are right when they come %s', async (_, condition) => {
    proxy.impose(condition)
    const values = Array.from({ length: 50 }, (_, at) => `${at}\r\n`.repeat(1 + at))
    await Promise.all(values.map((value, at) => client.set(`key ${at}`, value)))
    expect(await client.mget(values.map((_, at) => `key ${at}`))).toEqual(values)
  })

  test('a client comes back after its link was broken', async () => {
    await client.set('counter', 1)
    expect(proxy.kill()).toBeGreaterThan(0)
    await vi.waitFor(async () => expect(await client.get('counter')).toBe('1'), waiting)
  })
})

test.each<[string, Condition]>([
  ['a flow nobody knows', { flow: 'stop' as 'hold' }],
  ['time that goes back', { delayMs: -1 }],
  ['no rate at all', { bytesPerSecond: 0 }],
  ['parts of nothing', { split: { every: 0 } }],
  ['cut and joined', { split: { every: 1 }, coalesceMs: 5 }],
  ['the 0th byte', { cutAt: { byte: 0 } }],
  ['an ending nobody knows', { cutAt: { byte: 1, then: 'half' as 'end' } }],
  ['a misspelt name', { delay: 5 } as Condition],
])('%s is refused', async (_, condition) => {
  const proxy = await FaultProxy.start({ host: '127.0.0.1', port: 1 })
  expect(() => proxy.impose(condition)).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^TIERCEL_(INVALID|UNKNOWN)_OPTION$/) }),
  )
  await proxy.close()
})

test('a URL is led through, with whom and what it names', async () => {
  const proxy = await FaultProxy.start('valkey://me:se%40cret@[::1]:7000/3')
  expect(proxy.url).toBe(`redis://me:se%40cret@127.0.0.1:${proxy.port}/3`)
  await proxy.close()
})

test.each([['rediss://a'], ['http://a'], [{ host: 'a', port: 0 }], [{ port: 1 } as { host: string; port: number }]])(
  'a server at %o is refused',
  async (target) => {
    await expect(FaultProxy.start(target)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION' })
  },
)

test('chunks are cut without losing a byte', () => {
  const text = (split: Parameters<typeof cut>[1]): string[] => cut(Buffer.from('abcdef'), split).map(String)
  expect(text(undefined)).toEqual(['abcdef'])
  expect(text({ every: 4 })).toEqual(['abcd', 'ef'])
  expect(text({ every: 9 })).toEqual(['abcdef'])
  expect(text({ after: 2 })).toEqual(['ab', 'cdef'])
  expect(text({ after: 6 })).toEqual(['abcdef'])
})
