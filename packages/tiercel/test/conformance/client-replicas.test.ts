import { type Address, ask, freePort, type RunningServer, serverNames, startCluster, startReplicated } from '@tiercel/test-servers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { adaptClient } from '../../src/client/adapt.ts'
import type { Client, Command } from '../../src/client/client.ts'
import { clientsOn } from '../test-size.ts'
import { onAll } from './client-server-view.ts'
import { clientPackages, type LiveClient } from './live-clients.ts'

const withinMs = { timeout: 15_000, interval: 10 }
const maxLagMs = 400
const spread = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

const get = (key: string): Command => ({ words: ['GET', key], key, readOnly: true })
const set = (key: string, value: string): Command => ({ words: ['SET', key, value], key })

/** What `readFromReplicas` promises. */
describe.each(serverNames)('%s: reads from replicas', (server) => {
  describe('standalone', () => {
    let primary: RunningServer
    let replica: RunningServer
    let stop = async (): Promise<void> => {}

    beforeAll(async () => {
      const started = await startReplicated({ server, replicas: 1 })
      primary = started.primary
      replica = started.replicas[0] as RunningServer
      stop = () => started.stop()
    })
    afterAll(() => stop())

    describe.each(clientsOn(server, clientPackages))('$name', (clientPackage) => {
      let lives: LiveClient[]
      let client: Client

      beforeEach(async () => {
        lives = [await clientPackage.standalone(primary.url), await clientPackage.standalone(replica.url)]
        const [live, other] = lives.map((each) => each.live) as [object, object]
        client = adaptClient(live, { readFromReplicas: { maxLag: maxLagMs, replicas: [other] } })
        await client.ready()
        await client.send(set('k', 'old'))
        await untilServedBy([replica], client)
      })
      afterEach(async () => {
        await client.close()
        await ask(replica, ['REPLICAOF', primary.host, String(primary.port)])
        for (const live of lives) await live.end()
      })

      it('read there what is marked so, and nothing else', async () => {
        const before = await callsOf([replica], 'get')
        for (let round = 0; round < 10; round++) expect(String(await client.send(get('k')))).toBe('old')
        expect((await callsOf([replica], 'get')) - before).toBeGreaterThanOrEqual(9)
        const unmarked = await callsOf([replica], 'get')
        await client.send({ words: ['GET', 'k'], key: 'k' })
        await client.send({ ...get('k'), tracked: true })
        await client.batch([set('k', 'new'), { words: ['GET', 'k'], key: 'k' }])
        expect(await callsOf([replica], 'get')).toBe(unmarked)
      })

      it('never read what is older than the bound, however far the replica is behind', async () => {
        await ask(replica, ['REPLICAOF', '127.0.0.1', String(await freePort())])
        await client.send(set('k', 'new'))
        const writtenAtMs = performance.now()
        let sentAtMs = writtenAtMs
        while (sentAtMs < writtenAtMs + 2 * maxLagMs) {
          sentAtMs = performance.now()
          const value = String(await client.send(get('k')))
          if (sentAtMs > writtenAtMs + maxLagMs) expect(value).toBe('new')
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
        await ask(replica, ['REPLICAOF', primary.host, String(primary.port)])
        await untilServedBy([replica], client)
        expect(String(await client.send(get('k')))).toBe('new')
      })

      it('ask the primary when the replica is gone, and the replica when it is back', async () => {
        await replica.kill()
        for (let round = 0; round < 20; round++) expect(String(await client.send(get('k')))).toBe('old')
        await replica.restart()
        await untilServedBy([replica], client)
      })

      it('do not take another primary for a replica', async () => {
        await ask(replica, ['REPLICAOF', 'NO', 'ONE'])
        await ask(replica, ['SET', 'k', 'from elsewhere'])
        await new Promise((resolve) => setTimeout(resolve, maxLagMs))
        for (let round = 0; round < 20; round++) expect(String(await client.send(get('k')))).toBe('old')
      })

      it('refuse to watch what is read', async () => {
        const outcome = client.track({ prefixes: ['p:'], mode: 'default' }, { onInvalidate() {} })
        await expect(outcome).rejects.toMatchObject({ code: 'TIERCEL_UNSUPPORTED' })
        const tracking = await client.track({ prefixes: ['p:'], mode: 'optin' }, { onInvalidate() {} })
        await tracking.ping()
      })

      it('leave the live clients as they were', async () => {
        await client.close()
        expect(await connections(replica)).toBe(1)
        expect(() => adaptClient(lives[0]?.live, { readFromReplicas: {} })).toThrow(/at least one live client/)
        expect(() => adaptClient(lives[0]?.live, { readFromReplicas: { maxLag: 10, replicas: [lives[1]?.live as object] } })).toThrow(
          /20 ms/,
        )
        expect(() => adaptClient(client, { readFromReplicas: {} })).toThrow(/a Client already/)
      })
    })
  })

  describe('cluster', () => {
    let primaries: readonly RunningServer[]
    let replicas: readonly RunningServer[]
    let stop = async (): Promise<void> => {}

    beforeAll(async () => {
      const cluster = await startCluster({ server, primaries: 3, replicasPerPrimary: 1 })
      primaries = cluster.nodes.slice(0, 3)
      replicas = cluster.nodes.slice(3)
      stop = () => cluster.stop()
    })
    beforeEach(() => untilNamed(primaries))
    afterAll(() => stop())

    it.each(clientsOn(server, clientPackages))('$name', async ({ cluster }) => {
      const live = await cluster(primaries.map(({ url }) => url))
      const client = adaptClient(live.live, { readFromReplicas: { maxLag: maxLagMs } })
      await client.ready()
      try {
        await Promise.all(spread.map((key) => client.send(set(key, `value of ${key}`))))
        await untilServedBy(replicas, client)
        const before = await callsOf(primaries, 'get')
        const values = await client.batch(spread.map(get))
        expect(values.map(String)).toEqual(spread.map((key) => `value of ${key}`))
        expect((await callsOf(primaries, 'get')) - before).toBeLessThan(spread.length)

        const [replica] = replicas as [RunningServer]
        await replica.kill()
        for (let round = 0; round < 20; round++) {
          expect((await client.batch(spread.map(get))).map(String)).toEqual(spread.map((key) => `value of ${key}`))
        }
        await replica.restart()
        await untilNamed(primaries)
        await untilServedBy(replicas, client)
      } finally {
        await client.close()
        await live.end()
      }
    })

    it('hands over to a replica and goes on', async () => {
      const lives = await Promise.all(clientPackages.map(({ cluster }) => cluster(primaries.map(({ url }) => url))))
      const clients = lives.map(({ live }) => adaptClient(live, { readFromReplicas: { maxLag: maxLagMs } }))
      for (const [index, client] of clients.entries()) {
        await client.ready()
        await untilServedBy(replicas, client).catch(() => expect.fail(clientPackages[index]?.name))
      }
      const [replica] = replicas as [RunningServer]
      await ask(replica, ['CLUSTER', 'FAILOVER'])
      await expect.poll(() => ask(replica, ['ROLE']).then(String), withinMs).toContain('master')
      for (const [index, client] of clients.entries()) {
        for (const key of spread) {
          await expect.poll(() => client.send(set(key, `new ${index}`)).then(String, String), withinMs).toBe('OK')
        }
        await new Promise((resolve) => setTimeout(resolve, maxLagMs))
        for (let round = 0; round < 20; round++) {
          expect((await client.batch(spread.map(get))).map(String)).toEqual(spread.map(() => `new ${index}`))
        }
      }
      for (const client of clients) await client.close()
      for (const live of lives) await live.end()
    })
  })
})

/** A cluster does not name a replica that it has not heard of for a moment. */
async function untilNamed(primaries: readonly Address[]): Promise<void> {
  await expect
    .poll(async () => {
      const views = (await onAll(primaries, ['CLUSTER', 'SLOTS'])) as unknown[][][]
      return views.every((view) => view.every(([, , ...nodes]) => nodes.length === 2))
    }, withinMs)
    .toBe(true)
}

/** Reads until every one of the nodes has answered one. */
async function untilServedBy(nodes: readonly Address[], client: Client): Promise<void> {
  const before = await Promise.all(nodes.map((node) => callsOf([node], 'get')))
  await expect
    .poll(async () => {
      for (const key of [...spread, 'k']) await client.send(get(key))
      const now = await Promise.all(nodes.map((node) => callsOf([node], 'get')))
      return now.every((calls, index) => calls > (before[index] as number))
    }, withinMs)
    .toBe(true)
}

async function callsOf(nodes: readonly Address[], command: string): Promise<number> {
  const infos = await onAll(nodes, ['INFO', 'commandstats'])
  const counts = infos.map((info) => new RegExp(`cmdstat_${command}:calls=(\\d+),.*rejected_calls=(\\d+)`).exec(String(info)))
  return counts.reduce((sum, count) => sum + Number(count?.[1] ?? 0), 0)
}

async function connections(node: Address): Promise<number> {
  const lines = String(await ask(node, ['CLIENT', 'LIST', 'TYPE', 'normal']))
    .trim()
    .split('\n')
  return lines.length - 1
}
