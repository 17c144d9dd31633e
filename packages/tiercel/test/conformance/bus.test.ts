import { type RunningServer, serverNames, startCluster, startStandalone } from '@tiercel/test-servers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { adaptClient } from '../../src/client/adapt.ts'
import type { Client } from '../../src/client/client.ts'
import { type Bus, createBus } from '../../src/coherence/bus.ts'
import type { Messages } from '../../src/stores/store.ts'
import { valkeyStore } from '../../src/stores/valkey.ts'
import { clientsOn } from '../test-size.ts'
import { killSideLinks } from './client-server-view.ts'
import { type LiveClient, packagesOn } from './live-clients.ts'

const withinMs = { timeout: 15_000, interval: 10 }

/** The bus on real servers; what it makes of losses is shown in `src/coherence/bus.test.ts`. */
describe.each(serverNames)('the bus on %s', (server) => {
  describe.each(['standalone', 'cluster'] as const)('%s', (kind) => {
    let nodes: readonly RunningServer[] = []
    let stop = async (): Promise<void> => {}

    beforeAll(async () => {
      if (kind === 'standalone') {
        const node = await startStandalone({ server })
        nodes = [node]
        stop = () => node.stop()
      } else {
        const cluster = await startCluster({ server, primaries: 3 })
        nodes = cluster.nodes
        stop = () => cluster.stop()
      }
    })
    afterAll(() => stop())

    describe.each(clientsOn(server, packagesOn(kind)))('$name', ({ open }) => {
      let lives: LiveClient[]
      let clients: Client[]
      let buses: Bus[]
      let events: string[][]

      beforeEach(async () => {
        const urls = nodes.map(({ url }) => url)
        lives = [await open(urls), await open(urls)]
        clients = lives.map(({ live }) => adaptClient(live))
        events = [[], []]
        buses = await Promise.all(
          clients.map((client, index) =>
            createBus(
              valkeyStore(client, { timeout: '5s' }).messages as Messages,
              'bus',
              {
                onInvalidate: (keys, tags) => events[index]?.push(...keys, ...tags),
                onGap: (reason) => events[index]?.push(reason),
              },
              { heartbeat: 400 },
            ),
          ),
        )
      })
      afterEach(async () => {
        for (const bus of buses) await bus.close()
        for (const client of clients) await client.close()
        for (const live of lives) await live.end()
      })

      it('keeps the order of a sender, and loses nothing', async () => {
        const keys = Array.from({ length: 500 }, (_, index) => `k${index}`)
        await Promise.all(keys.map((key) => buses[0]?.publish({ keys: [key] })))
        await expect.poll(() => events[1]?.length, withinMs).toBe(500)
        expect(events).toEqual([[], keys])
        expect(buses[1]?.stats).toMatchObject({ received: 500, gaps: 0, malformed: 0 })
      })

      it('proves its link, and says when it was lost and is back', async () => {
        const startedAtMs = performance.now()
        await expect.poll(() => buses.every(({ provenAtMs }) => provenAtMs > startedAtMs), withinMs).toBe(true)
        await killSideLinks(nodes)
        await expect.poll(() => events.every((heard) => heard.includes('down') && heard.includes('up')), withinMs).toBe(true)
        const againAtMs = performance.now()
        await expect.poll(() => buses.every(({ provenAtMs }) => provenAtMs > againAtMs), withinMs).toBe(true)
        await buses[1]?.publish({ tags: ['t'] })
        await expect.poll(() => events[0], withinMs).toContain('t')
      })
    })
  })
})
