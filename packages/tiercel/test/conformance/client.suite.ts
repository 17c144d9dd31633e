import { type ClusterNode, type RunningServer, type ServerName, slotOwner } from '@tiercel/test-servers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { probeCapabilities, serverTimeMs } from '../../src/client/capabilities.ts'
import type { Client, Command, Reply, Word } from '../../src/client/client.ts'
import { defineScript, runScript } from '../../src/client/script.ts'
import { slotOf } from '../../src/client/slot.ts'
import { ServerError } from '../../src/kernel/errors.ts'
import { askOwner, connectionIds, killSideLinks, onAll } from './client-server-view.ts'
import { where } from './where.ts'

export interface ClientTopology {
  readonly kind: 'standalone' | 'cluster'
  readonly server: ServerName
  nodes(): readonly RunningServer[]
}

/** An adapter over a live client that the test owns. */
export interface OpenedClient {
  readonly client: Client
  /** The live client's own commands. */
  ping(): Promise<unknown>
  increment(key: string): Promise<unknown>
  /** How many listeners the live client has, of all kinds. */
  countListeners(): number
  /** One more adapter over the live client. */
  adapt(): Client
  end(): Promise<void>
}

/** Opens a client of the subject, told to connect or not. */
export type Open = (isConnecting?: boolean) => OpenedClient | Promise<OpenedClient>

/** What a client package cannot do, and its adapter says so: `docs/concepts/clients.md`. */
export type Lack =
  | 'tracking'
  | 'errors in arrays'
  /** A link that was lost and made again between two commands is told of with the first answer on it, which is rejected. */
  | 'news before the first command'
  /** What could not be written when the link broke may be executed on the next one, though it was rejected. */
  | 'taking back'

const spread = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const withinMs = { timeout: 10_000, interval: 10 }

/** What `client.ts` promises, for one client package on one topology. */
export function clientSuite(name: string, topology: ClientTopology, open: Open, lacks: readonly Lack[] = []): void {
  describe(name, () => {
    let opened: OpenedClient
    let client: Client

    const nodes = (): readonly RunningServer[] => topology.nodes()
    /** The second word of nearly all commands is the key. */
    const send = (...words: Word[]): Promise<Reply> => client.send(command(...words))

    beforeEach(async () => {
      await onAll(nodes(), ['FLUSHALL'])
      opened = await open()
      client = opened.client
      await client.ready()
    })

    afterEach(async () => {
      await client.close()
      await opened.end()
    })

    describe('replies have the RESP2 shape', () => {
      it.each<{ call: string[]; after?: string[][]; reply: unknown }>([
        { call: ['PING'], reply: 'PONG' },
        { call: ['SET', 'k', 'v'], reply: 'OK' },
        { call: ['GET', 'missing'], reply: null },
        { call: ['MGET', '{k}1', '{k}2'], after: [['SET', '{k}2', 'v']], reply: [null, 'v'] },
        { call: ['INCR', 'k'], reply: 1 },
        { call: ['INCRBYFLOAT', 'k', '1.5'], reply: '1.5' },
        { call: ['HGETALL', 'k'], after: [['HSET', 'k', 'f', 'v', 'g', 'w']], reply: ['f', 'v', 'g', 'w'] },
        { call: ['SMEMBERS', 'k'], after: [['SADD', 'k', 'm']], reply: ['m'] },
        { call: ['ZSCORE', 'k', 'm'], after: [['ZADD', 'k', '1.5', 'm']], reply: '1.5' },
        { call: ['ZRANGE', 'k', '0', '-1', 'WITHSCORES'], after: [['ZADD', 'k', '1', 'm', '2.5', 'n']], reply: ['m', '1', 'n', '2.5'] },
        { call: ['ZPOPMIN', 'k', '1'], after: [['ZADD', 'k', '1', 'm']], reply: ['m', '1'] },
        { call: ['HRANDFIELD', 'k', '1', 'WITHVALUES'], after: [['HSET', 'k', 'f', 'v']], reply: ['f', 'v'] },
        { call: ['XREAD', 'STREAMS', 'k', '0'], after: [['XADD', 'k', '1-1', 'f', 'v']], reply: [['k', [['1-1', ['f', 'v']]]]] },
        { call: ['EVAL', 'redis.setresp(3); return {true, false, {double = 2.5}, {map = {a = 1}}}', '0'], reply: [1, 0, '2.5', ['a', 1]] },
        { call: ['EVAL', "return {1, 'two', {3, {ok = 'four'}}, false}", '0'], reply: [1, 'two', [3, 'four'], null] },
      ])('$call.0', async ({ call, after = [], reply }) => {
        for (const words of after) await send(...words)
        const key = call[0] === 'XREAD' ? 'k' : undefined
        expect(asText(await client.send({ words: call, ...(key === undefined ? command(...call) : { key }) }))).toEqual(reply)
      })

      it('gives text of the server as bytes', async () => {
        expect(String(await send('INFO', 'server'))).toMatch(/^# Server\r\n/)
      })

      where(!lacks.includes('errors in arrays'), it)('puts errors inside an array in their place', async () => {
        const reply = (await send('EVAL', "return {1, {err = 'NOPE not this'}}", '0')) as Reply[]
        expect(reply[0]).toBe(1)
        expect(reply[1]).toBeInstanceOf(ServerError)
        expect(reply[1]).toMatchObject({ code: 'TIERCEL_SERVER_ERROR', reply: 'NOPE' })
      })
    })

    describe('bytes', () => {
      it('come back as they went in', async () => {
        const bytes = Buffer.from([0, 255, 13, 10, 0xc3, 0x28, 36, 42, 0])
        await send('SET', 'k', bytes)
        expect(await send('GET', 'k')).toEqual(bytes)
        expect(await send('MGET', 'k')).toEqual([bytes])
        expect(await send('EVAL', 'return ARGV[1]', '0', bytes)).toEqual(bytes)
      })

      it('are empty where empty was stored', async () => {
        await send('SET', 'k', Buffer.alloc(0))
        await send('SET', 'l', '')
        expect(await send('GET', 'k')).toEqual(Buffer.alloc(0))
        expect(await send('GET', 'l')).toEqual(Buffer.alloc(0))
      })

      it('of a key are its text as UTF-8', async () => {
        await send('SET', 'ключ{é}🔑', 'v')
        expect(await askOwner(nodes(), ['GET', 'ключ{é}🔑'])).toBe('v')
      })

      it('may be a megabyte, many at once', async () => {
        const big = Buffer.alloc(1 << 20, 'x')
        big.writeUInt32BE(0xdeadbeef, 1000)
        const text = 'é'.repeat(1 << 19)
        await Promise.all([...spread.map((key) => send('SET', key, big)), send('SET', 'text', text)])
        for (const reply of await Promise.all(spread.map((key) => send('GET', key)))) expect(big.equals(reply as Buffer)).toBe(true)
        expect(String(await send('GET', 'text')) === text).toBe(true)
      })
    })

    describe('commands', () => {
      it('of one turn are executed in the order of the calls', async () => {
        const replies = await Promise.all([
          ...Array.from({ length: 500 }, (_, index) => send('RPUSH', 'k', index % 2 ? `${index}` : Buffer.from(`${index}`))),
          send('LRANGE', 'k', '0', '-1'),
        ])
        expect(replies.slice(0, 500)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1))
        expect(asText(replies[500] as Reply)).toEqual(Array.from({ length: 500 }, (_, index) => String(index)))
      })

      it('sent beside those of the live client get their own answers', async () => {
        const [ours, theirs, last] = await Promise.all([send('INCRBY', 'a', '10'), opened.increment('b'), send('INCRBY', 'a', '100')])
        expect([ours, Number(theirs), last]).toEqual([10, 1, 110])
      })

      it('reject with what the server says', async () => {
        await send('LPUSH', 'k', 'v')
        const failure = send('INCR', 'k')
        await expect(failure).rejects.toBeInstanceOf(ServerError)
        await expect(failure).rejects.toMatchObject({ code: 'TIERCEL_SERVER_ERROR', reply: 'WRONGTYPE', retryable: false })
        await expect(client.send({ words: ['NOSUCHCOMMAND', 'secret'] })).rejects.toMatchObject({ reply: 'ERR' })
      })

      it('show no words in what an error carries', async () => {
        await send('LPUSH', 'k', 'v')
        const error = await send('SETRANGE', 'k', '0', 'secret-value').catch((thrown: unknown) => thrown)
        expect(everythingIn(error)).not.toContain('secret-value')
      })

      it('in a batch get one result each, errors in their place', async () => {
        const replies = await client.batch([
          ...spread.map((key) => command('SET', key, `value of ${key}`)),
          command('LPUSH', 'a', 'wrong'),
          command('NOSUCHCOMMAND'),
          ...spread.map((key) => command('GET', key)),
        ])
        expect(replies.slice(0, 8).map(String)).toEqual(spread.map(() => 'OK'))
        expect(replies[8]).toMatchObject({ reply: 'WRONGTYPE' })
        expect(replies[9]).toMatchObject({ reply: 'ERR' })
        expect(replies.slice(10).map(String)).toEqual(spread.map((key) => `value of ${key}`))
        expect(await client.batch([])).toEqual([])
      })
    })

    describe('scripts', () => {
      const script = defineScript({ name: 'add', lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])" })

      it('run by hash, and by text where the server has lost them', async () => {
        expect(await runScript(client, script, ['k'], ['1'])).toBe(1)
        await onAll(nodes(), ['SCRIPT', 'FLUSH'])
        expect(await runScript(client, script, ['k'], ['10'])).toBe(11)
        expect(await Promise.all(spread.map((key) => runScript(client, script, [key], ['1'])))).toEqual(spread.map(() => 1))
        expect(await runScript(client, script, ['k'], [Buffer.from('100')])).toBe(111)
      })

      it('reject with their own error', async () => {
        const failing = defineScript({ name: 'fail', lua: "return redis.error_reply('MINE said no')" })
        await expect(runScript(client, failing, ['k'], [])).rejects.toMatchObject({ reply: 'MINE' })
      })
    })

    describe('capabilities', () => {
      it('are what the server has', async () => {
        const isNewValkey = topology.server === 'valkey-9.1'
        expect(await probeCapabilities(client)).toMatchObject({
          flavour: topology.server.startsWith('valkey') ? 'valkey' : 'redis',
          version: nodes()[0]?.version,
          ifeq: isNewValkey,
          delifeq: isNewValkey,
          scripts: true,
          hashFieldExpiry: topology.server !== 'valkey-8.0',
          vectorSets: topology.server === 'redis-8.0',
        })
        expect(await askOwner(nodes(), ['EXISTS', 'tiercel:probe'])).toBe(0)
      })

      it('include the clock', async () => {
        const { offsetMs, roundTripMs } = await serverTimeMs(client)
        expect(Math.abs(offsetMs)).toBeLessThanOrEqual(roundTripMs / 2 + 2)
      })
    })

    describe('subscriptions', () => {
      it('bring messages as bytes, also after their link was killed', async () => {
        const events: string[] = []
        const bytes = Buffer.from([0, 255, 10])
        const subscription = await client.subscribe(['news', 'weather'], {
          onMessage: (channel, message) => events.push(`${channel} ${message.equals(bytes) ? 'bytes' : message}`),
          onDown: () => events.push('down'),
          onUp: () => events.push('up'),
        })
        await send('PUBLISH', 'news', 'one')
        await client.send({ words: ['PUBLISH', 'weather', bytes] })
        // In any order on a cluster: each went to a node of its own, and over the bus from there.
        await expect.poll(() => [...events].sort(), withinMs).toEqual(['news one', 'weather bytes'])

        expect(await killSideLinks(nodes())).toBe(1)
        // On a cluster a message of before may come once more, over the bus of the node that is listened to now.
        const upAndDown = () => events.filter((event) => event === 'down' || event === 'up')
        await expect.poll(upAndDown, withinMs).toEqual(['down', 'up'])
        await send('PUBLISH', 'news', 'two')
        await expect.poll(() => events, withinMs).toContain('news two')

        await subscription.close()
        await subscription.close()
        await expect.poll(() => sideLinks(nodes()), withinMs).toBe(0)
        await send('PUBLISH', 'news', 'three')
        expect(events).not.toContain('news three')
      })
    })

    where(!lacks.includes('tracking'), describe)('tracking', () => {
      const watch = async (...prefixes: string[]) => {
        const events: string[] = []
        const tracking = await client.track(
          { prefixes },
          {
            onInvalidate: (keys) => events.push(...(keys ?? ['everything'])),
            onDown: () => events.push('down'),
            onUp: () => events.push('up'),
          },
        )
        return { events, tracking }
      }

      it('tells of changes by anybody, under the prefixes only', async () => {
        const { events, tracking } = await watch('p:', 'q:')
        await askOwner(nodes(), ['SET', 'other:1', 'v'])
        for (const key of spread) await askOwner(nodes(), ['SET', `p:${key}`, 'v'])
        await send('SET', 'q:ours é', 'v')
        const expected = [...spread.map((key) => `p:${key}`), 'q:ours é'].sort()
        await expect.poll(() => [...events].sort(), withinMs).toEqual(expected)
        await tracking.close()
      })

      it('tells of a flush', async () => {
        const { events, tracking } = await watch('p:')
        await onAll(nodes().slice(0, 1), ['FLUSHALL'])
        await expect.poll(() => events, withinMs).toEqual(['everything'])
        await tracking.close()
      })

      it('has a heartbeat, and its pushes come before the answer of a later one', async () => {
        const { events, tracking } = await watch('p:')
        await tracking.ping()
        await askOwner(nodes(), ['SET', 'p:1', 'v'])
        await expect.poll(async () => tracking.ping().then(() => events), withinMs).toEqual(['p:1'])
        await tracking.close()
        await tracking.close()
      })

      it('says when a link is lost and when all are back', async () => {
        const { events, tracking } = await watch('p:')
        expect(await killSideLinks(nodes())).toBe(nodes().length)
        await expect.poll(() => events.at(-1), withinMs).toBe('up')
        expect(new Set(events)).toEqual(new Set(['down', 'up']))
        expect(events.filter((event) => event === 'up')).toHaveLength(1)
        events.length = 0
        await tracking.ping()
        for (const key of spread) await askOwner(nodes(), ['SET', `p:${key}`, 'v'])
        await expect.poll(() => [...events].sort(), withinMs).toEqual(spread.map((key) => `p:${key}`))
        await tracking.close()
        await expect.poll(() => sideLinks(nodes()), withinMs).toBe(0)
      })

      it('refuses what it cannot do', async () => {
        for (const prefixes of [[], ['p:', 'p:q:'], ['p:', 'p:']]) {
          await expect(client.track({ prefixes }, { onInvalidate() {} })).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION' })
        }
      })
    })

    describe('close', () => {
      it('ends what the adapter opened and nothing else', async () => {
        const before = await countConnections(nodes())
        await client.subscribe(['news'], { onMessage() {} })
        const trackers = lacks.includes('tracking') ? 0 : nodes().length
        if (trackers > 0) await client.track({ prefixes: ['p:'] }, { onInvalidate() {} })
        expect(await countConnections(nodes())).toBe(before + 1 + trackers)
        await client.close()
        await client.close()
        await expect.poll(() => countConnections(nodes()), withinMs).toBe(before)
        expect(String(await opened.ping())).toBe('PONG')
        expect(Number(await opened.increment('k'))).toBe(1)
      })

      it('makes every later call reject', async () => {
        await client.close()
        expect(client.isReady).toBe(false)
        const code = { code: 'TIERCEL_CLOSED' }
        await expect(client.send({ words: ['PING'] })).rejects.toMatchObject(code)
        await expect(client.batch([{ words: ['PING'] }])).rejects.toMatchObject(code)
        await expect(client.ready()).rejects.toMatchObject(code)
        await expect(client.subscribe(['news'], { onMessage() {} })).rejects.toMatchObject(code)
        await expect(client.track({ prefixes: ['p:'] }, { onInvalidate() {} })).rejects.toMatchObject(code)
      })

      it('leaves no handle behind', async () => {
        const mine = await open()
        const sockets = openSockets()
        await mine.client.ready()
        await mine.client.subscribe(['news'], { onMessage() {} })
        await mine.client.close()
        await mine.end()
        await expect.poll(openSockets, withinMs).toBeLessThanOrEqual(sockets)
      })
    })

    describe('ready', () => {
      it('connects a client that was never told to', async () => {
        const idle = await open(false)
        expect(idle.client.isReady).toBe(false)
        await idle.client.ready()
        expect(idle.client.isReady).toBe(true)
        expect(String(await idle.client.send({ words: ['PING'] }))).toBe('PONG')
        await idle.client.close()
        await idle.end()
      })

      it('says where a command would go', async () => {
        for (const key of ['a', 'b', 'c', 'd']) {
          await client.send(command('SET', key, 'v'))
          const owner = topology.kind === 'cluster' ? await slotOwner(topology.nodes() as ClusterNode[], slotOf(key)) : undefined
          expect(client.nodeOf(key)).toBe(owner === undefined ? '' : `${owner.host}:${owner.port}`)
        }
        await client.close()
        expect(client.nodeOf('a')).toBeUndefined()
      })

      it('names the client underneath', () => {
        expect(client).toMatchObject({ specVersion: 1, topology: topology.kind, isReady: true })
        expect(client.name).toMatch(/^(node-redis|ioredis|iovalkey|glide)$/)
      })
    })
  })
}

/** A command routed by its second word, as nearly all are; scripts here have no keys. */
export function command(...words: Word[]): Command {
  const isKeyed = words.length > 1 && !['EVAL', 'INFO', 'PUBLISH'].includes(String(words[0]))
  return isKeyed ? { words, key: String(words[1]) } : { words }
}

function asText(reply: Reply): unknown {
  if (Array.isArray(reply)) return reply.map(asText)
  return reply instanceof Buffer ? reply.toString() : reply
}

async function countConnections(nodes: readonly RunningServer[]): Promise<number> {
  const ids = await Promise.all(nodes.map((node) => connectionIds(node, (flags) => !/[MS]/.test(flags))))
  return ids.flat().length
}

async function sideLinks(nodes: readonly RunningServer[]): Promise<number> {
  const ids = await Promise.all(nodes.map((node) => connectionIds(node, (flags) => /[Pt]/.test(flags))))
  return ids.flat().length
}

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length
}

/** All text that a log of the error could show. */
export function everythingIn(error: unknown): string {
  const seen = new Set<unknown>()
  const collect = (value: unknown): string => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return String(value)
    seen.add(value)
    if (value instanceof Uint8Array) return Buffer.from(value).toString()
    return Object.getOwnPropertyNames(value)
      .map((name) => collect((value as Record<string, unknown>)[name]))
      .join('\n')
  }
  return collect(error)
}
