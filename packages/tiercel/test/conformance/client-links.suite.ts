import { ask, type RunningServer } from '@tiercel/test-servers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Client } from '../../src/client/client.ts'
import { type ClientTopology, command, type Lack, type Open, type OpenedClient } from './client.suite.ts'
import { askOwner, onAll } from './client-server-view.ts'
import { where } from './where.ts'

const withinMs = { timeout: 15_000, interval: 10 }
const key = 'order'

/** What `Client.onLink` and `Client.linkEpoch` promise. */
export function linksSuite(name: string, topology: ClientTopology, open: Open, lacks: readonly Lack[] = []): void {
  describe(`${name}: new links`, () => {
    let opened: OpenedClient
    let client: Client

    const start = async (isConnecting?: boolean): Promise<void> => {
      opened = await open(isConnecting)
      client = opened.client
    }
    const push = (who: string) => client.send(command('RPUSH', key, who))
    const told = (): void => void push('told').catch(() => {})
    const pushed = async () => ((await askOwner(topology.nodes(), ['LRANGE', key, '0', '-1'])) as unknown[]).map(String)

    beforeEach(() => onAll(topology.nodes(), ['FLUSHALL']))
    afterEach(async () => {
      await client.close()
      await opened.end()
    })

    it('are told of before the first command: a client that was never told to connect', async () => {
      await start(false)
      const before = client.linkEpoch
      client.onLink(told)
      await client.ready()
      await push('other')
      expect((await pushed())[0]).toBe('told')
      expect(client.linkEpoch).toBeGreaterThan(before)
    })

    it('are told of before the first command: a live client that was connected long ago', async () => {
      await start()
      await client.ready()
      const late = opened.adapt()
      late.onLink(() => void late.send(command('RPUSH', key, 'told')))
      await late.send(command('RPUSH', key, 'other'))
      expect(await pushed()).toEqual(['told', 'other'])
      await late.close()
    })

    it('are told of before the next command: a link that was killed', async () => {
      await start()
      await client.ready()
      await push('before')
      let times = 0
      client.onLink(() => {
        times++
        told()
      })
      for (let round = 1; round <= 2; round++) {
        const { linkEpoch } = client
        await askOwner(topology.nodes(), ['DEL', key])
        await killAll(topology.nodes())
        await untilSent(() => push('other'))
        await expect.poll(pushed, withinMs).toContain('told')
        const executed = await pushed()
        if (lacks.includes('news before the first command')) expect(executed.slice(-2)).toEqual(['told', 'other'])
        else expect(executed[0]).toBe('told')
        expect(times).toBeGreaterThanOrEqual(round)
        expect(client.linkEpoch).toBeGreaterThanOrEqual(linkEpoch + 2)
      }
    })

    where(!lacks.includes('tracking'), it)('are made again and told of by the heartbeat of tracking alone', async () => {
      await start()
      await client.ready()
      const tracking = await client.track({ prefixes: ['p:'] }, { onInvalidate() {} })
      let times = 0
      client.onLink(() => times++)
      for (const node of topology.nodes()) {
        times = 0
        await killAll([node])
        await expect
          .poll(
            () =>
              tracking.ping().then(
                () => times,
                () => 0,
              ),
            withinMs,
          )
          .toBeGreaterThanOrEqual(1)
      }
    })

    it('are counted only when there are any', async () => {
      await start()
      await client.ready()
      for (let index = 0; index < 50; index++) await client.send(command('SET', `k${index}`, 'v'))
      const { linkEpoch } = client
      for (let index = 0; index < 50; index++) await client.send(command('GET', `k${index}`))
      expect(client.linkEpoch).toBe(linkEpoch)
    })

    it('are told to those who still listen', async () => {
      await start()
      await client.ready()
      await push('before')
      const heard: string[] = []
      const off = client.onLink(() => heard.push('first'))
      client.onLink(() => heard.push('second'))
      off()
      off()
      await killAll(topology.nodes())
      await untilSent(() => push('other'))
      expect(new Set(heard)).toEqual(new Set(['second']))
      heard.length = 0
      await client.close()
      client.onLink(() => heard.push('third'))
      await killAll(topology.nodes())
      await expect.poll(() => opened.ping().then(String, () => ''), withinMs).toBe('PONG')
      expect(heard).toEqual([])
    })

    it('leave nothing on a live client that was borrowed', async () => {
      await start()
      await client.ready()
      const before = opened.countListeners()
      for (let index = 0; index < 5; index++) {
        const another = opened.adapt()
        another.onLink(() => {})
        await another.ready()
        await another.close()
      }
      expect(opened.countListeners()).toBe(before)
    })
  })
}

/** Sends in every turn of the loop until it is answered. */
export async function untilSent(send: () => Promise<unknown>): Promise<void> {
  const untilMs = performance.now() + withinMs.timeout
  for (;;) {
    const outcome = await send().catch((error: unknown) => error)
    if (!(outcome instanceof Error)) return
    if (performance.now() > untilMs) throw outcome
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function killAll(nodes: readonly RunningServer[]): Promise<void> {
  for (const node of nodes) await ask(node, ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
}
