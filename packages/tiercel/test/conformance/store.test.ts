import { type Cluster, type RunningServer, serverNames, startCluster, startStandalone } from '@tiercel/test-servers'
import { afterAll, beforeAll, describe } from 'vitest'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import { valkeyStore } from '../../src/stores/valkey.ts'
import { clientPackages, type LiveClient } from './live-clients.ts'
import { type StoreUnderTest, storeSuite } from './store.suite.ts'

/** A loaded machine may keep a server waiting for longer than production would; the budget itself has tests of its own. */
const patience = { timeout: '5s', connectTimeout: '10s' } as const

storeSuite('memory', async () => {
  const store = memoryStore()
  return { store, close: () => store.close() }
})

async function onClient(client: LiveClient): Promise<StoreUnderTest> {
  const store = valkeyStore(client.live, patience)
  return {
    store,
    async close() {
      await store.close()
      await client.end()
    },
  }
}

describe.each(serverNames)('%s', (server) => {
  describe('standalone', () => {
    let running: RunningServer
    beforeAll(async () => {
      running = await startStandalone({ server })
    })
    afterAll(() => running.stop())

    for (const clientPackage of clientPackages)
      storeSuite(clientPackage.name, async () => onClient(await clientPackage.standalone(running.url)))

    storeSuite('by URL', async () => {
      const store = valkeyStore(running.url, patience)
      return { store, close: () => store.close() }
    })
  })

  describe('cluster', () => {
    let cluster: Cluster
    beforeAll(async () => {
      cluster = await startCluster({ server, primaries: 3 })
    })
    afterAll(() => cluster.stop())

    for (const clientPackage of clientPackages)
      storeSuite(clientPackage.name, async () => onClient(await clientPackage.cluster(cluster.urls)))
  })
})
