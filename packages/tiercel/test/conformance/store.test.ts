import { ask, type Cluster, type RunningServer, serverNames, startCluster, startStandalone } from '@tiercel/test-servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import { valkeyStore } from '../../src/stores/valkey.ts'
import { clientsOn } from '../test-size.ts'
import { clientPackages, type LiveClient, standalonePackages } from './live-clients.ts'
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
      storeSuite(
        clientPackage.name,
        async () => onClient(await clientPackage.standalone(running.url)),
        clientPackage.coherence === undefined ? [] : ['follow'],
      )

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

    for (const clientPackage of clientsOn(server, clientPackages)) {
      storeSuite(clientPackage.name, async () => onClient(await clientPackage.cluster(cluster.urls)))

      // As after a failover: what is deleted again must be gone for whatever is read after it.
      test(`${clientPackage.name}: a delete takes its place on each server, also on those that do not know its script yet`, async () => {
        const { store, close } = await onClient(await clientPackage.cluster(cluster.urls))
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
          await close()
        }
      })
    }
  })
})
