import { type Cluster, type RunningServer, type ServerName, startCluster, startStandalone } from '@tiercel/test-servers'
import { afterAll, beforeAll, describe } from 'vitest'
import { clientsOn } from '../test-size.ts'
import { type ClientTopology, clientSuite, conformanceSuite, type Lack, type Open } from './client.suite.ts'
import { type ClusterTopology, clusterOutageSuite, clusterSuite } from './client-cluster.suite.ts'
import { linksSuite } from './client-links.suite.ts'
import { clientPackages, standalonePackages } from './client-live.ts'
import { outageSuite } from './client-outage.suite.ts'
import { trackingSuite } from './client-tracking.suite.ts'

const servers: readonly ServerName[] = ['valkey-8.0', 'valkey-9.1', 'redis-8.0']

for (const server of servers) {
  describe(`${server} standalone`, () => {
    let node: RunningServer
    beforeAll(async () => {
      node = await startStandalone({ server })
    })
    afterAll(() => node?.stop())

    const topology: ClientTopology = { kind: 'standalone', server, nodes: () => [node] }
    for (const { name, sendsAgain, open, connect, lacks } of clientsOn(server, standalonePackages)) {
      clientSuites(name, topology, (isConnecting) => open(topology, isConnecting), lacks)
      outageSuite(name, topology, { sendsAgain, open: () => open(topology), connect, lacks })
    }
    for (const { name, open, lacks } of clientsOn(server, standalonePackages)) conformanceSuite(name, () => open(topology), lacks)
  })

  describe(`${server} cluster`, () => {
    let cluster: Cluster
    beforeAll(async () => {
      cluster = await startCluster({ server, primaries: 3 })
    })
    afterAll(() => cluster?.stop())

    const topology: ClusterTopology = { kind: 'cluster', server, nodes: () => cluster.nodes }
    for (const { name, open } of clientsOn(server, clientPackages)) {
      clientSuites(name, topology, (isConnecting) => open(topology, isConnecting))
      clusterSuite(name, topology, () => open(topology))
      conformanceSuite(name, () => open(topology))
    }
    clusterOutageSuite(
      topology,
      clientPackages.map(({ name, open }) => ({ name, open: () => open(topology) })),
    )
  })
}

function clientSuites(name: string, topology: ClientTopology, open: Open, lacks: readonly Lack[] = []): void {
  clientSuite(name, topology, open, lacks)
  linksSuite(name, topology, open, lacks)
  if (!lacks.includes('tracking')) trackingSuite(name, topology, open)
}
