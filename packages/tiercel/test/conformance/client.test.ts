import { type RunningServer, type ServerName, startCluster, startStandalone } from '@tiercel/test-servers'
import { afterAll, beforeAll, describe } from 'vitest'
import { type ClientTopology, clientSuite } from './client.suite.ts'
import { clusterOutageSuite, clusterSuite } from './client-cluster.suite.ts'
import { linksSuite } from './client-links.suite.ts'
import { clientPackages } from './client-live.ts'
import { outageSuite } from './client-outage.suite.ts'
import { trackingSuite } from './client-tracking.suite.ts'

const servers: readonly ServerName[] = ['valkey-8.0', 'valkey-9.1', 'redis-8.0']

for (const server of servers) {
  for (const kind of ['standalone', 'cluster'] as const) {
    describe(`${server} ${kind}`, () => {
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

      const topology: ClientTopology = { kind, server, nodes: () => nodes }
      for (const { name, sendsAgain, open, connect } of clientPackages) {
        clientSuite(name, topology, (isConnecting) => open(topology, isConnecting))
        linksSuite(name, topology, (isConnecting) => open(topology, isConnecting))
        trackingSuite(name, topology, () => open(topology))
        if (kind === 'standalone') outageSuite(name, topology, { sendsAgain, open: () => open(topology), connect })
        else clusterSuite(name, topology, () => open(topology))
      }
      const openers = clientPackages.map(({ name, open }) => ({ name, open: () => open(topology) }))
      if (kind === 'cluster') clusterOutageSuite(topology, openers)
    })
  }
}
