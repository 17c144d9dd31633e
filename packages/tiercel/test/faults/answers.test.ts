import { createClient } from '@redis/client'
import { type RunningServer, startStandalone } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AnswerRule } from '../../src/testing/faults/answer-rule.ts'
import { FaultProxy } from '../../src/testing/faults/fault-proxy.ts'
import type { ErrorName } from '../../src/testing/resp/error-reply.ts'
import { EchoClient } from './echo.ts'

const waiting = { timeout: 10_000, interval: 2 }

let server: RunningServer
let direct: Redis
let proxy: FaultProxy

beforeAll(async () => {
  server = await startStandalone()
  direct = new Redis(server.url)
})
afterAll(async () => {
  direct.disconnect()
  await server.stop()
})
beforeEach(async () => {
  await direct.flushall()
  proxy = await FaultProxy.start(server, { seed: 7 })
})
afterEach(() => proxy.close())

/** What a pipeline got, reply by reply; for an error, its text. */
type Pipeline = (commands: readonly (readonly string[])[]) => Promise<readonly unknown[]>

async function ioredis(): Promise<[Pipeline, () => void]> {
  const client = new Redis(proxy.url, { retryStrategy: () => null, maxRetriesPerRequest: 0 })
  client.on('error', () => undefined)
  await client.ping()
  const pipeline: Pipeline = (commands) =>
    Promise.all(
      commands.map(([name = '', ...args]) =>
        client.call(name, ...args).then(
          (value) => value,
          (error: unknown) => String(error).replace('ReplyError: ', ''),
        ),
      ),
    )
  return [pipeline, () => client.disconnect()]
}

async function nodeRedis(protocol: 2 | 3): Promise<[Pipeline, () => void]> {
  const client = createClient({ url: proxy.url, RESP: protocol, socket: { reconnectStrategy: false } })
  client.on('error', () => undefined)
  await client.connect()
  const pipeline: Pipeline = (commands) =>
    Promise.all(
      commands.map((command) =>
        client.sendCommand([...command]).then(
          (value: unknown) => value,
          (error: unknown) => String(error).replace(/^\w*Error: /, ''),
        ),
      ),
    )
  return [pipeline, () => client.destroy()]
}

const clients = { ioredis, 'node-redis in RESP2': () => nodeRedis(2), 'node-redis in RESP3': () => nodeRedis(3) }

const sha = 'e0e1f9fabfc9d4800c877a703b823ac0578ff8db'
const commands = [
  ['SET', 'a', '1'],
  ['GET', 'a'],
  ['EVALSHA', sha, '0'],
  ['DEL', 'nothing'],
  ['PING'],
  ['MGET', 'a', 'b'],
  ['INFO', 'nothing'],
  ['ECHO', 'end'],
]

const isError = (reply: unknown): boolean => /^[A-Z]{3,} /.test(String(reply))

const answered: readonly (readonly [ErrorName, readonly number[], string])[] = [
  ['LOADING', [0, 1, 2, 3, 4, 5], 'LOADING Valkey is loading the dataset in memory'],
  ['MASTERDOWN', [0, 1, 2, 3, 4, 5], "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."],
  ['READONLY', [0, 2, 3], "READONLY You can't write against a read only replica."],
  ['OOM', [0, 2], "OOM command not allowed when used memory > 'maxmemory'."],
  ['BUSY', [0, 1, 2, 3, 4, 5, 6, 7], 'BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.'],
  ['CLUSTERDOWN', [0, 1, 3, 5], 'CLUSTERDOWN The cluster is down'],
  ['NOSCRIPT', [2], 'NOSCRIPT No matching script.'],
  ['MOVED', [0, 1, 3, 5], 'MOVED 15495 127.0.0.1:'],
  ['ASK', [0, 1, 3, 5], 'ASK 15495 127.0.0.1:'],
]

describe.each(Object.entries(clients))('through %s', (_, connectClient) => {
  let pipeline: Pipeline
  let disconnect: () => void

  beforeEach(async () => {
    await direct.script('LOAD', 'return 1')
    ;[pipeline, disconnect] = await connectClient()
  })
  afterEach(() => disconnect())

  test.each(answered)('%s arrives where a server would send it, and nowhere else', async (name, at, text) => {
    await direct.set('a', '0')
    const asItIs = await pipeline(commands)
    expect(asItIs.filter(isError)).toEqual([])
    await direct.set('a', '0')
    const lift = proxy.answer({ with: name })
    const replies = await pipeline(commands)
    expect(replies.flatMap((reply, index) => (isError(reply) ? [index] : []))).toEqual(at)
    expect(String(replies[at[0] as number])).toContain(text)
    const others = replies.flatMap((reply, index) => (isError(reply) || index === 1 || index === 5 ? [] : [[index, reply]]))
    expect(others).toEqual(others.map(([index]) => [index, asItIs[index as number]]))
    // What was answered instead was not executed.
    expect(await direct.get('a')).toBe(at.includes(0) ? '0' : '1')
    lift()
    await direct.set('a', '0')
    expect(await pipeline(commands)).toEqual(asItIs)
  })

  test('a command is executed and its reply replaced', async () => {
    proxy.answer({ command: 'INCR', key: 'counter', with: 'OOM', when: 'after' })
    const replies = await pipeline([
      ['SET', 'x', 'y'],
      ['INCR', 'counter'],
      ['INCR', 'other'],
      ['GET', 'counter'],
      ['INCR', 'counter'],
    ])
    expect(replies.map((reply) => (isError(reply) ? 'OOM' : reply))).toEqual(['OK', 'OOM', 1, '1', 'OOM'])
    expect(await direct.get('counter')).toBe('2')
  })

  test('replies keep their places when everything is cut and late, or joined', async () => {
    const values = Array.from({ length: 20 }, (_, at) => `${at}\r\n+OK\r\n`.repeat(1 + at))
    const sent = values.flatMap((value, at) => [
      ['SET', `k${at}`, value],
      ['GET', `k${at}`],
    ])
    proxy.answer({ command: 'GET', key: 'k?', with: 'BUSY' })
    proxy.answer({ command: 'SET', key: '*0', with: { error: 'NOPERM not you' }, when: 'after' })
    const wanted = values.flatMap((value, at) => [at % 10 === 0 ? 'NOPERM' : 'OK', at < 10 ? 'BUSY' : value])
    for (const condition of [{ split: { every: 1 } }, { coalesceMs: 15 }, { split: { every: 7 }, delayMs: 3, jitterMs: 5 }]) {
      const lift = proxy.impose(condition)
      const replies = await pipeline(sent)
      expect(replies.map((reply) => (isError(reply) ? String(reply).split(' ')[0] : reply))).toEqual(wanted)
      lift()
    }
  })

  test('a reply breaks off', async () => {
    await direct.set('long', 'x'.repeat(1_000))
    proxy.answer({ command: 'GET', with: { firstBytes: 100 } })
    const [first, second] = await pipeline([['PING'], ['GET', 'long']])
    expect(first).toBe('PONG')
    expect(String(second)).not.toContain('xxx')
    expect(proxy.log).toMatchObject([{ kind: 'answered', command: 'GET', when: 'truncated' }])
    await vi.waitFor(() => expect(proxy.links).toEqual([]), waiting)
  })
})

describe('a rule', () => {
  let client: Redis

  beforeEach(() => {
    client = new Redis(proxy.url, { enableReadyCheck: false, disableClientInfo: true })
  })
  afterEach(() => client.disconnect())

  const getAll = async (count: number): Promise<string> => {
    const replies = await Promise.allSettled(Array.from({ length: count }, (_, at) => client.get(`k${at}`)))
    return replies.map(({ status }) => (status === 'rejected' ? '!' : '.')).join('')
  }

  test.each<[string, Partial<AnswerRule>, string]>([
    ['answers the n-th', { nth: 3 }, '..!.......'],
    ['answers no more than it may', { times: 2 }, '!!........'],
    ['answers keys that fit a text', { key: '?[2]' }, '..........'],
    ['answers keys that fit a pattern', { key: /[2-4]$/g }, '..!!!.....'],
    ['answers keys that fit a function', { key: (key) => key > 'k6' }, '.......!!!'],
    ['answers no key that does not fit', { key: 'k' }, '..........'],
    ['answers several commands', { command: ['SET', 'get'] }, '!!!!!!!!!!'],
    ['answers no other commands', { command: 'SET' }, '..........'],
    ['answers no other connections', { where: (link) => link.hasSent('nobody says so') }, '..........'],
  ])('%s', async (_, rule, answered) => {
    proxy.answer({ command: 'GET', with: 'LOADING', ...rule })
    expect(await getAll(10)).toBe(answered)
  })

  test('draws by the seed', async () => {
    proxy.answer({ with: 'LOADING', command: 'GET', probability: 0.3 })
    const first = await getAll(60)
    expect(first.replaceAll('.', '').length).toBeGreaterThan(5)
    expect(first.replaceAll('!', '').length).toBeGreaterThan(20)
    const again = await FaultProxy.start(server, { seed: 7 })
    again.answer({ with: 'LOADING', command: 'GET', probability: 0.3 })
    client.disconnect()
    client = new Redis(again.url, { enableReadyCheck: false, disableClientInfo: true })
    expect(await getAll(60)).toBe(first)
    await again.close()
  })

  test('yields to one that was made later, and is back when that is lifted', async () => {
    proxy.answer({ command: 'GET', with: 'LOADING' })
    const lift = proxy.answer({ command: 'GET', with: { redirect: 'MOVED', to: '10.0.0.1:7000' }, key: 'b' })
    await expect(client.get('a')).rejects.toThrow('LOADING')
    await expect(client.get('b')).rejects.toThrow('MOVED 3300 10.0.0.1:7000')
    lift()
    await expect(client.get('b')).rejects.toThrow('LOADING')
    proxy.heal()
    expect(await client.get('b')).toBe(null)
  })

  test('knows subcommands', async () => {
    proxy.answer({ command: 'config get', with: { error: "NOPERM User has no permissions to run the 'config|get' command" } })
    await expect(client.config('GET', 'maxmemory')).rejects.toThrow('NOPERM')
    expect(await client.config('RESETSTAT')).toBe('OK')
  })

  test('spoils a transaction, as a server does', async () => {
    proxy.answer({ with: 'READONLY', times: 1 })
    const replies = await Promise.allSettled([
      ...[client.call('MULTI'), client.call('SET', 'a', '1'), client.call('SET', 'b', '1'), client.call('EXEC')],
      client.call('GET', 'b'),
    ])
    const shown = replies.map((reply) => (reply.status === 'fulfilled' ? reply.value : String(reply.reason.message).split(' ')[0]))
    expect(shown).toEqual(['OK', 'READONLY', 'QUEUED', 'EXECABORT', null])
    expect(await direct.exists('a', 'b')).toBe(0)
    proxy.answer({ command: 'INCR', with: 'OOM', when: 'after' })
    expect(await client.multi().incr('a').exec()).toEqual([[null, 1]])
    proxy.answer({ command: 'EXEC', with: 'OOM', when: 'after' })
    await expect(client.multi().incr('a').exec()).rejects.toThrow('OOM')
    expect(await direct.get('a')).toBe('2')
    proxy.answer({ command: 'EXEC', with: 'BUSY' })
    await expect(client.multi().incr('a').exec()).rejects.toThrow('BUSY')
    expect(await direct.get('a')).toBe('2')
  })
})

describe('on a plain connection', () => {
  let client: EchoClient

  beforeEach(async () => {
    client = await EchoClient.open(proxy.port)
  })
  afterEach(() => client.socket.destroy())

  const received = (text: string): Promise<void> => vi.waitFor(() => expect(client.received).toBe(text), waiting)

  test('an answer waits for the replies before it', async () => {
    proxy.answer({ command: 'GET', with: 'LOADING' })
    client.send('BLPOP list 0\r\nGET a\r\nPING\r\n')
    await vi.waitFor(async () => expect(await direct.client('LIST')).toContain('cmd=blpop'), waiting)
    expect(client.received).toBe('')
    await direct.rpush('list', 'x')
    await received('*2\r\n$4\r\nlist\r\n$1\r\nx\r\n-LOADING Valkey is loading the dataset in memory\r\n+PONG\r\n')
  })

  test('pushes are no replies', async () => {
    client.send('HELLO 3\r\n')
    await vi.waitFor(() => expect(client.received).toContain('proto\r\n:3'), waiting)
    client.chunks.length = 0
    proxy.answer({ command: 'GET', key: 'b', with: 'BUSY', when: 'after' })
    client.send('CLIENT TRACKING ON BCAST NOLOOP\r\nSUBSCRIBE c d\r\nGET b\r\nPING\r\n')
    const subscribed = (name: string, count: number): string => `>3\r\n$9\r\nsubscribe\r\n$1\r\n${name}\r\n:${count}\r\n`
    const before = `+OK\r\n${subscribed('c', 1)}${subscribed('d', 2)}-BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n+PONG\r\n`
    await received(before)
    await direct.set('k', '1')
    await direct.publish('c', 'hi')
    const news = '>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n>3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n'
    await received(before + news)
    client.send('GET b\r\nPING\r\n')
    await vi.waitFor(() => expect(client.received.slice(before.length + news.length)).toMatch(/^-BUSY .*\r\n\+PONG\r\n$/), waiting)
    expect(proxy.log.every(({ kind }) => kind === 'answered')).toBe(true)
  })

  test('what has no reply is not answered', async () => {
    proxy.answer({ command: 'PING', with: 'BUSY', when: 'after' })
    client.send('CLIENT REPLY SKIP\r\nPING\r\nECHO a\r\nCLIENT REPLY OFF\r\nPING\r\nECHO b\r\nCLIENT REPLY ON\r\nECHO c\r\n')
    await received('$1\r\na\r\n+OK\r\n$1\r\nc\r\n')
    client.send('PING\r\n')
    await vi.waitFor(() => expect(client.received).toContain('-BUSY'), waiting)
  })

  test.each([
    ['a subscription in RESP2', 'SUBSCRIBE c\r\n', 'subscribe'],
    ['MONITOR', 'MONITOR\r\n', '+OK'],
    ['a subscription in a transaction', 'MULTI\r\nSUBSCRIBE c\r\nEXEC\r\n', 'subscribe'],
  ])('%s is passed on as it is, after what was promised', async (_, text, reply) => {
    proxy.answer({ command: ['GET', 'PING'], with: 'BUSY' })
    client.send(`GET a\r\n${text}PING\r\n`)
    await vi.waitFor(() => expect(client.received).toContain(reply), waiting)
    expect(client.received).toMatch(/^-BUSY /)
    expect(client.received.match(/BUSY/g)).toHaveLength(1)
    expect(proxy.log.map(({ kind }) => kind)).toEqual(['answered', 'untracked'])
  })

  test('what is no RESP is passed on as it is', async () => {
    proxy.answer({ with: 'BUSY' })
    client.socket.write(Buffer.from([0x16, 3, 1, 2, 13, 10]))
    await vi.waitFor(() => expect(client.received).toContain('-ERR unknown command'), waiting)
    expect(proxy.log).toMatchObject([{ kind: 'untracked', because: 'the client sent what is no RESP' }])
  })

  test('what a client ends in the middle of is passed on', async () => {
    proxy.answer({ command: 'GET', with: 'BUSY' })
    client.socket.end('PING\r\nGET')
    await client.closed
    expect(client.received).toBe('+PONG\r\n')
    expect(proxy.links).toEqual([])
  })

  test('a reply that breaks off may end in silence', async () => {
    proxy.answer({ command: 'ECHO', with: { firstBytes: 5, then: 'silence' }, nth: 2 })
    client.send('ECHO abc\r\nINCR n\r\nECHO abc\r\nINCR n\r\n')
    await received('$3\r\nabc\r\n:1\r\n$3\r\na')
    await vi.waitFor(async () => expect(await direct.get('n')).toBe('2'), waiting)
    expect(client.received).toBe('$3\r\nabc\r\n:1\r\n$3\r\na')
    expect(client.socket.readyState).toBe('open')
  })
})

test.each<[string, AnswerRule]>([
  ['an error nobody knows', { with: 'NOPE' as ErrorName }],
  ['two lines', { with: { error: 'a\r\n+b' } }],
  ['a node without a port', { with: { redirect: 'ASK', to: 'here' } }],
  ['bytes below 0', { with: { firstBytes: -1 } }],
  ['a truncated reply instead', { with: { firstBytes: 1 }, when: 'instead' }],
  ['no command', { with: 'BUSY', command: [] }],
  ['the 0th', { with: 'BUSY', nth: 0 }],
  ['more than always', { with: 'BUSY', probability: 1.1 }],
  ['a misspelt name', { with: 'BUSY', commands: 'GET' } as AnswerRule],
])('%s is refused', (_, rule) => {
  expect(() => proxy.answer(rule)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^TIERCEL_(INVALID|UNKNOWN)_OPTION$/) }))
})
