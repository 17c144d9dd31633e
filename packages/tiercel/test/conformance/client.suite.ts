import { type ClusterNode, type RunningServer, type ServerName, slotOwner } from '@tiercel/test-servers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { probeCapabilities, serverTimeMs } from '../../src/client/capabilities.ts'
import type { Client, Command, Reply, Word } from '../../src/client/client.ts'
import { slotOf } from '../../src/client/slot.ts'
import { clientConformance } from '../../src/testing/index.ts'
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

    it('sends its commands beside those of the live client, and gets its own answers', async () => {
      const [ours, theirs, last] = await Promise.all([send('INCRBY', 'a', '10'), opened.increment('b'), send('INCRBY', 'a', '100')])
      expect([ours, Number(theirs), last]).toEqual([10, 1, 110])
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

/** The suite that users have too. After all others on a server: GLIDE keeps the links of what was closed for seconds. */
export function conformanceSuite(name: string, open: Open, lacks: readonly Lack[] = []): void {
  const ends = new Map<Client, OpenedClient>()
  const cases = clientConformance({
    async open() {
      const opened = await open()
      ends.set(opened.client, opened)
      return opened.client
    },
    end: (client) => ends.get(client)?.end(),
    lacks: lacks.filter((lack) => lack === 'tracking' || lack === 'errors in arrays'),
  })
  describe(name, () => {
    for (const each of cases) it(each.name, each.run)
  })
}

/** A command routed by its second word, as nearly all are; scripts here have no keys. */
export function command(...words: Word[]): Command {
  const isKeyed = words.length > 1 && !['EVAL', 'INFO', 'PUBLISH'].includes(String(words[0]))
  return isKeyed ? { words, key: String(words[1]) } : { words }
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
