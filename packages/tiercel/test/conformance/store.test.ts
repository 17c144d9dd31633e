import { ask, type Cluster, type RunningServer, serverNames, startCluster, startStandalone } from '@tiercel/test-servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import { valkeyStore } from '../../src/stores/valkey.ts'
import { type StoreConformanceOptions, storeConformance } from '../../src/testing/index.ts'
import { clientsOn } from '../test-size.ts'
import { clientPackages, type LiveClient, standalonePackages } from './live-clients.ts'

/** A loaded machine may keep a server waiting for longer than production would; the budget itself has tests of its own. */
const patience = { timeout: '5s', connectTimeout: '10s' } as const

function storeSuite(name: string, open: StoreConformanceOptions['open'], lacks: StoreConformanceOptions['lacks'] = []): void {
  describe(name, () => {
    for (const each of storeConformance({ open, lacks })) test(each.name, each.run)
  })
}

/** Over one live client: a store is closed without it. */
function clientSuite(name: string, connect: () => Promise<LiveClient>, lacks: StoreConformanceOptions['lacks'] = []): void {
  describe('on a live client', () => {
    let client: LiveClient
    beforeAll(async () => {
      client = await connect()
    })
    afterAll(() => client.end())
    storeSuite(name, () => valkeyStore(client.live, patience), lacks)
  })
}

storeSuite('memory', () => memoryStore())

async function keyOn(node: RunningServer): Promise<string> {
  for (let at = 0; ; at++)
    if (
      await ask(node, ['GET', `k${at}`]).then(
        () => true,
        () => false,
      )
    )
      return `k${at}`
}

describe.each(serverNames)('%s', (server) => {
  describe('standalone', () => {
    let running: RunningServer
    beforeAll(async () => {
      running = await startStandalone({ server })
    })
    afterAll(() => running.stop())

    for (const clientPackage of clientsOn(server, standalonePackages))
      clientSuite(clientPackage.name, () => clientPackage.standalone(running.url), clientPackage.coherence === undefined ? [] : ['follow'])

    storeSuite('by URL', () => valkeyStore(running.url, patience))
  })

  describe('cluster', () => {
    let cluster: Cluster
    beforeAll(async () => {
      cluster = await startCluster({ server, primaries: 3 })
    })
    afterAll(() => cluster.stop())

    for (const clientPackage of clientsOn(server, clientPackages)) {
      clientSuite(clientPackage.name, () => clientPackage.cluster(cluster.urls))

      // As after a failover: what is deleted again must be gone for whatever is read after it.
      test(`${clientPackage.name}: a delete takes its place on each server, also on those that do not know its script yet`, async () => {
        const { live, end } = await clientPackage.cluster(cluster.urls)
        const store = valkeyStore(live, patience)
        try {
          const keys = await Promise.all(cluster.nodes.map(keyOn))
          for (const [at, node] of cluster.nodes.entries()) {
            await ask(node, ['SCRIPT', 'FLUSH'])
            await ask(node, ['SET', keys[at] as string, 'old'])
          }
          await store.getMany(keys)
          const [, found] = await Promise.all([store.deleteMany(keys), store.getMany(keys)])
          expect(found).toEqual(keys.map(() => undefined))
        } finally {
          await store.close()
          await end()
        }
      })
    }
  })
})
