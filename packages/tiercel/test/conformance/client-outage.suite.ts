import type { RunningServer } from '@tiercel/test-servers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Client, Reply } from '../../src/client/client.ts'
import { type ClientTopology, command, type Lack, type Open, type OpenedClient } from './client.suite.ts'
import { untilSent } from './client-links.suite.ts'
import { askOwner } from './client-server-view.ts'
import { where } from './where.ts'

const withinMs = { timeout: 15_000, interval: 10 }
const unavailable = { code: 'TIERCEL_STORE_UNAVAILABLE', retryable: true }

export interface OutageSubject {
  readonly open: Open
  readonly lacks?: readonly Lack[] | undefined
  /** A client that owns its link; missing where the package serves no URLs. */
  readonly connect?: ((url: string) => Promise<Client>) | undefined
  /** Whether the package, by default, sends unanswered commands again after a reconnect. */
  readonly sendsAgain: boolean
}

/** What `client.ts` promises about lost links, on a server that is stopped, frozen and started again. */
export function outageSuite(name: string, topology: ClientTopology, subject: OutageSubject): void {
  const { connect, lacks = [] } = subject
  describe(`${name}: without the server`, () => {
    let opened: OpenedClient | undefined
    const server = (): RunningServer => topology.nodes()[0] as RunningServer

    beforeEach(() => server().restart())
    afterEach(async () => {
      await opened?.client.close()
      await opened?.end()
      opened = undefined
    })

    const kinds: { kind: string; sendsAgain: boolean; start: () => Promise<Client> }[] = [
      {
        kind: 'a borrowed client with default options',
        sendsAgain: subject.sendsAgain,
        start: async () => {
          opened = await subject.open()
          await opened.client.ready()
          return opened.client
        },
      },
    ]
    if (connect !== undefined) {
      kinds.push({
        kind: 'a client of a URL',
        sendsAgain: false,
        start: async () => {
          const client = await connect(server().url)
          opened = owned(client)
          await client.ready()
          return client
        },
      })
    }

    describe.each(kinds)('$kind', ({ start, sendsAgain }) => {
      it('refuses at once while there is no link, and comes back', async () => {
        const client = await start()
        await server().kill()
        await expect.poll(() => client.isReady, withinMs).toBe(false)
        const outcomes = [...Array.from({ length: 20 }, () => client.send(command('INCR', 'k'))), client.batch([command('INCR', 'k')])]
        const settled = await Promise.race([Promise.allSettled(outcomes), turn().then(turn)])
        expect(settled).toHaveLength(21)
        await expect(outcomes[0]).rejects.toMatchObject(unavailable)
        expect(await outcomes[20]).toMatchObject([unavailable])

        await server().restart()
        await expect.poll(() => client.isReady, withinMs).toBe(true)
        expect(await client.send(command('INCR', 'k'))).toBe(1)
      })

      it('rejects what is unanswered when the link breaks, and does not execute it afterwards', async () => {
        const client = await start()
        server().pause()
        const unanswered = [client.send(command('INCR', 'ours')), client.batch([command('INCR', 'ours'), command('INCR', 'ours')])]
        const theirs = opened?.increment('theirs').catch(() => {})
        const settled = Promise.allSettled(unanswered)
        await turn()
        await server().kill()
        await settled
        await expect(unanswered[0]).rejects.toMatchObject(unavailable)
        expect(await unanswered[1]).toMatchObject([unavailable, unavailable])

        await server().restart()
        await expect.poll(() => client.isReady, withinMs).toBe(true)
        if (sendsAgain) await theirs
        for (let round = 0; round < 3; round++) expect(String(await client.send({ words: ['PING'] }))).toBe('PONG')
        expect(await client.send(command('GET', 'ours'))).toBe(null)
        // The package does send its own commands again: what is shown here is that ours are not among them.
        expect(await askOwner([server()], ['GET', 'theirs'])).toBe(sendsAgain ? '1' : null)
      })

      where(!lacks.includes('taking back'), it)('rejects what could not even be written, and does not write it afterwards', async () => {
        const client = await start()
        const big = Buffer.alloc(1 << 20)
        server().pause()
        const waiting: Promise<Reply>[] = []
        for (let index = 0; index < 32; index++) waiting.push(client.send(command('SET', `big${index}`, big)))
        await turn()
        for (let index = 0; index < 5; index++) waiting.push(client.send(command('INCR', 'ours')))
        const settled = Promise.allSettled(waiting)
        await turn()
        await server().kill()
        for (const outcome of await settled) expect(outcome).toMatchObject({ status: 'rejected', reason: unavailable })

        await server().restart()
        await expect.poll(() => client.isReady, withinMs).toBe(true)
        for (let round = 0; round < 3; round++) await client.send({ words: ['PING'] })
        expect(await client.send({ words: ['DBSIZE'] })).toBe(0)
      })

      it('tells of the new link before anything else is executed on it', async () => {
        const client = await start()
        await client.send(command('RPUSH', 'order', 'before'))
        client.onLink(() => void client.send(command('RPUSH', 'order', 'told')))
        const { linkEpoch } = client
        await server().kill()
        await expect.poll(() => client.linkEpoch, withinMs).toBeGreaterThan(linkEpoch)
        const lost = client.linkEpoch
        await server().restart()
        await untilSent(() => client.send(command('RPUSH', 'order', 'other')))
        expect(await client.send(command('LRANGE', 'order', '0', '-1'))).toEqual(['told', 'other'].map((text) => Buffer.from(text)))
        expect(client.linkEpoch).toBeGreaterThan(lost)
      })

      where(!lacks.includes('tracking'), it)('keeps tracking of the data link over a restart of the server', async () => {
        const client = await start()
        const events: string[] = []
        const tracking = await client.track(
          { prefixes: ['p:'], mode: 'optin', noLoop: true },
          {
            onInvalidate: (keys) => events.push(...(keys ?? ['everything'])),
            onDown: () => events.push('down'),
            onUp: () => events.push('up'),
          },
        )
        await server().kill()
        await expect.poll(() => events, withinMs).toContain('down')
        await expect(tracking.ping()).rejects.toMatchObject(unavailable)
        await server().restart()
        await expect.poll(() => events.at(-1), withinMs).toBe('up')
        await tracking.ping()
        await client.send({ words: ['GET', 'p:1'], key: 'p:1', tracked: true })
        await askOwner([server()], ['SET', 'p:1', 'v'])
        await expect.poll(() => events, withinMs).toEqual(['down', 'up', 'p:1'])
      })

      where(!lacks.includes('tracking'), it)('keeps subscriptions and tracking over a restart of the server', async () => {
        const client = await start()
        const events: string[] = []
        const upAndDown = { onDown: () => events.push('down'), onUp: () => events.push('up') }
        await client.subscribe(['news'], { onMessage: (_, message) => events.push(String(message)), ...upAndDown })
        const tracking = await client.track(
          { prefixes: ['p:'] },
          { onInvalidate: (keys) => events.push(...(keys ?? ['everything'])), ...upAndDown },
        )
        await server().kill()
        await expect.poll(() => events, withinMs).toEqual(['down', 'down'])
        await expect(tracking.ping()).rejects.toMatchObject(unavailable)
        await server().restart()
        await expect.poll(() => events.slice(2), withinMs).toEqual(['up', 'up'])
        await tracking.ping()
        await askOwner([server()], ['SET', 'p:1', 'v'])
        await askOwner([server()], ['PUBLISH', 'news', 'again'])
        await expect.poll(() => events.slice(4).sort(), withinMs).toEqual(['again', 'p:1'])
      })
    })

    if (connect === undefined) return

    it('waits for the first link, and no longer than told', async () => {
      await server().kill()
      const client = await connect(server().url)
      opened = owned(client)
      await expect(client.ready(AbortSignal.timeout(30))).rejects.toMatchObject(unavailable)
      await expect(client.send({ words: ['PING'] })).rejects.toMatchObject(unavailable)
      await expect(client.subscribe(['news'], { onMessage() {} })).rejects.toMatchObject(unavailable)
      await expect(client.track({ prefixes: ['p:'] }, { onInvalidate() {} })).rejects.toMatchObject(unavailable)
      await server().restart()
      await client.ready()
      expect(String(await client.send({ words: ['PING'] }))).toBe('PONG')
    })

    it('closes while the server does not answer', async () => {
      const client = await connect(server().url)
      await client.ready()
      server().pause()
      const unanswered = client.send(command('INCR', 'k')).catch((error: unknown) => error)
      await client.close()
      await client.close()
      expect(await unanswered).toMatchObject(unavailable)
      server().resume()
    })
  })
}

function owned(client: Client): OpenedClient {
  return { client, ping: async () => {}, increment: async () => {}, countListeners: () => 0, adapt: () => client, end: async () => {} }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
