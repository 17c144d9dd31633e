import { type Cluster, type RunningServer, serverNames, startCluster, startStandalone } from '@tiercel/test-servers'
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { clientPackages, type LiveClient, standalonePackages } from '../conformance/live-clients.ts'
import { endsAt } from '../integration/ends.ts'
import { clientsOn, serversAtLength } from '../test-size.ts'
import { engineSuite } from './engine.suite.ts'
import { workerSuite } from './worker.suite.ts'

describe.each(serverNames)('%s', (name) => {
  const isAtLength = serversAtLength(serverNames).includes(name)

  describe('standalone', () => {
    let server: RunningServer
    beforeAll(async () => {
      server = await startStandalone({ server: name })
    })
    afterAll(() => server.stop())
    const ends = endsAt(afterEach)

    describe('by URL', () => {
      engineSuite(() => server.url, ends)
      if (isAtLength) workerSuite(() => server.url, ends)
    })

    // By URL it is the first of them.
    const others = clientsOn(name, standalonePackages).slice(1, serversAtLength(serverNames).length + 1)
    describe.each(others)('$name', ({ standalone }) => {
      let client: LiveClient
      beforeAll(async () => {
        client = await standalone(server.url)
      })
      afterAll(() => client.end())
      engineSuite(() => client.live, ends)
    })
  })

  if (!isAtLength) return
  describe('cluster', () => {
    let cluster: Cluster
    beforeAll(async () => {
      cluster = await startCluster({ server: name, primaries: 3 })
    })
    afterAll(() => cluster.stop())
    const ends = endsAt(afterEach)

    describe.each(clientsOn(name, clientPackages).slice(0, serversAtLength(serverNames).length))('$name', (clientPackage) => {
      let client: LiveClient
      beforeAll(async () => {
        client = await clientPackage.cluster(cluster.urls)
      })
      afterAll(() => client.end())
      engineSuite(() => client.live, ends)
      workerSuite(() => client.live, ends)
    })
  })
})
