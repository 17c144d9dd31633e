import { ask, type RunningServer } from '@tiercel/test-servers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Client, Reply, Tracking, TrackingOptions } from '../../src/client/client.ts'
import { type ClientTopology, command, type Open, type OpenedClient } from './client.suite.ts'
import { askOwner, connectionIds, onAll, redirections } from './client-server-view.ts'

const withinMs = { timeout: 15_000, interval: 10 }
const unsupported = { code: 'TIERCEL_UNSUPPORTED' }
const spread = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `p:${name}`)

type Mode = NonNullable<TrackingOptions['mode']>

/** What `Client.track` promises of the modes that are set on the data link. */
export function trackingSuite(name: string, topology: ClientTopology, open: Open): void {
  describe(`${name}: tracking on the data link`, () => {
    let opened: OpenedClient
    let client: Client
    let events: string[]
    let tracking: Tracking

    const nodes = (): readonly RunningServer[] => topology.nodes()
    const change = (key: string) => askOwner(nodes(), ['SET', key, 'theirs'])
    const changeOurs = (key: string) => client.send(command('SET', key, 'ours'))
    const read = (key: string): Promise<Reply> => client.send({ words: ['GET', key], key, readOnly: true, tracked: true })
    const watch = async (mode: Mode, options: Partial<TrackingOptions> = {}): Promise<void> => {
      tracking = await client.track(
        { prefixes: ['p:'], mode, ...options },
        {
          onInvalidate: (keys) => events.push(...(keys ?? ['everything'])),
          onDown: () => events.push('down'),
          onUp: () => events.push('up'),
        },
      )
    }
    /** Told of so far; what was changed before `end` was changed has been told by then. */
    const toldUntil = async (end: string): Promise<string[]> => {
      await read(end)
      await change(end)
      await expect.poll(() => events, withinMs).toContain(end)
      return events.splice(0).filter((event) => event !== end)
    }
    /** Each node pushes in its own time: the mark has to be of the node of the keys. */
    const beside = (key: string): string => `p:end{${key}}`

    beforeEach(async () => {
      await onAll(nodes(), ['FLUSHALL'])
      events = []
      opened = await open()
      client = opened.client
      await client.ready()
    })
    afterEach(async () => {
      await client.close()
      await opened.end()
    })

    it('default: tells of what was read, once', async () => {
      await watch('default')
      for (const key of [...spread, 'other:1']) await read(key)
      await change('other:1')
      await change('p:not-read')
      for (const key of spread) await change(key)
      await expect.poll(() => [...events].sort(), withinMs).toEqual(spread)
      events.length = 0
      await change('p:a')
      expect(await toldUntil(beside('p:a'))).toEqual([])
      await changeOurs('p:b')
      await read('p:b')
      await changeOurs('p:b')
      await expect.poll(() => events, withinMs).toEqual(['p:b'])
    })

    it('optin: tells of what was read to be watched', async () => {
      await watch('optin')
      await Promise.all([read('p:a'), client.send(command('GET', 'p:{p:a}2')), read('p:{p:a}3')])
      for (const key of ['p:a', 'p:{p:a}2', 'p:{p:a}3']) await change(key)
      expect(await toldUntil(beside('p:a'))).toEqual(['p:a', 'p:{p:a}3'])
      const batch = await client.batch(spread.map((key) => ({ words: ['GET', key], key, tracked: true })))
      expect(batch.map(String)).toEqual(spread.map((key) => (key === 'p:a' ? 'theirs' : 'null')))
      for (const key of spread) await change(key)
      await expect.poll(() => [...events].sort(), withinMs).toEqual(spread)
    })

    it('costs nothing more where nothing has to be announced', async () => {
      await watch('default')
      await onAll(nodes(), ['CONFIG', 'RESETSTAT'])
      await read('p:a')
      expect(await commandsNamed(nodes(), 'client|caching')).toBe(0)
    })

    it.each<Mode>(['broadcast', 'default', 'optin'])('%s, noLoop: leaves out changes of our own', async (mode) => {
      await watch(mode, { noLoop: true })
      await read('p:a')
      await changeOurs('p:a')
      expect(await toldUntil(beside('p:a'))).toEqual([])
      await read('p:a')
      await change('p:a')
      expect(await toldUntil(beside('p:a'))).toEqual(['p:a'])
    })

    it.each<Mode>(['broadcast', 'default', 'optin'])('%s: tells of changes of our own without noLoop', async (mode) => {
      await watch(mode)
      await read('p:a')
      await changeOurs('p:a')
      expect(await toldUntil(beside('p:a'))).toEqual(['p:a'])
    })

    it('default and optin, noLoop: a change of our own ends the watch all the same', async () => {
      await watch('default', { noLoop: true })
      await read('p:a')
      await changeOurs('p:a')
      await change('p:a')
      expect(await toldUntil(beside('p:a'))).toEqual([])
    })

    it('tells of a flush', async () => {
      await watch('default')
      await read('p:a')
      await onAll(nodes().slice(0, 1), ['FLUSHALL'])
      await expect.poll(() => events, withinMs).toContain('everything')
    })

    it('tells of what the server has to forget because its table is full', async () => {
      await watch('default')
      await onAll(nodes(), ['CONFIG', 'SET', 'tracking-table-max-keys', '5'])
      try {
        const keys = Array.from({ length: 100 }, (_, index) => `p:{p:a}${index}`)
        for (const key of keys) await read(key)
        await expect.poll(() => events.length, withinMs).toBeGreaterThanOrEqual(95)
        expect(keys).toEqual(expect.arrayContaining(events))
      } finally {
        await onAll(nodes(), ['CONFIG', 'SET', 'tracking-table-max-keys', '1000000'])
      }
    })

    const losses: { lost: string; kill: () => Promise<void> }[] = [
      { lost: 'the link that is pushed to', kill: () => killEach(nodes(), ({ redirect }) => redirect) },
      { lost: 'the data link', kill: () => killEach(nodes(), ({ id }) => id) },
      {
        lost: 'the redirection, though both links live',
        kill: async () => {
          for (const { send } of await client.primaries()) await send(['CLIENT', 'TRACKING', 'OFF'])
          await tracking.ping().catch(() => {})
        },
      },
    ]
    it.each(losses)('is down and up again after the loss of $lost', async ({ kill }) => {
      await watch('default', { noLoop: true })
      await read('p:a')
      await tracking.ping()
      await kill()
      await expect.poll(() => events, withinMs).toContain('down')
      await expect
        .poll(
          () =>
            tracking.ping().then(
              () => 'up',
              () => 'down',
            ),
          withinMs,
        )
        .toBe('up')
      await expect.poll(() => events.at(-1), withinMs).toBe('up')
      events.length = 0
      for (const key of spread) {
        await changeOurs(key)
        await read(key)
        await change(key)
      }
      await expect.poll(() => [...events].sort(), withinMs).toEqual(spread)
    })

    it('has the link for itself', async () => {
      await watch('optin')
      await expect(client.track({ prefixes: ['q:'], mode: 'default' }, { onInvalidate() {} })).rejects.toMatchObject(unsupported)
      const another = opened.adapt()
      await expect(another.track({ prefixes: ['q:'], mode: 'default' }, { onInvalidate() {} })).rejects.toMatchObject(unsupported)
      await another.close()
      const beside = await client.track({ prefixes: ['p:'] }, { onInvalidate() {} })
      await beside.close()
      await read('p:a')
      await change('p:a')
      await expect.poll(() => events, withinMs).toEqual(['p:a'])
    })

    it('leaves the data link as it was', async () => {
      const before = (await Promise.all(nodes().map((node) => connectionIds(node)))).flat().sort()
      await watch('default')
      expect(await redirections(nodes())).toHaveLength(nodes().length)
      await tracking.close()
      await tracking.close()
      await expect.poll(async () => (await Promise.all(nodes().map((node) => connectionIds(node)))).flat().sort(), withinMs).toEqual(before)
      expect(await redirections(nodes())).toEqual([])
      await watch('broadcast', { noLoop: true })
      await change('p:a')
      await expect.poll(() => events, withinMs).toEqual(['p:a'])
    })

    it('refuses modes that there are none of', async () => {
      await expect(client.track({ prefixes: ['p:'], mode: 'optout' as never }, { onInvalidate() {} })).rejects.toMatchObject({
        code: 'TIERCEL_INVALID_OPTION',
      })
    })
  })
}

async function killEach(nodes: readonly RunningServer[], pick: (redirection: { id: string; redirect: string }) => string): Promise<void> {
  for (const node of nodes) {
    for (const redirection of await redirections([node])) await ask(node, ['CLIENT', 'KILL', 'ID', pick(redirection)])
  }
}

async function commandsNamed(nodes: readonly RunningServer[], name: string): Promise<number> {
  const infos = await onAll(nodes, ['INFO', 'commandstats'])
  const counts = infos.map((info) => new RegExp(`cmdstat_${name.replace('|', '\\|')}:calls=(\\d+)`).exec(String(info))?.[1])
  return counts.reduce((sum, count) => sum + Number(count ?? 0), 0)
}
