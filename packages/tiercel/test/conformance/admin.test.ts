import { type RunningServer, serverNames, startCluster, startStandalone } from '@tiercel/test-servers'
import { afterAll, beforeAll, beforeEach, describe } from 'vitest'
import { clientsOn } from '../test-size.ts'
import { adminSuite } from './admin.suite.ts'
import { onAll } from './client-server-view.ts'
import { packagesOn } from './live-clients.ts'

describe.each(serverNames)('admin on %s', (server) => {
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
    beforeEach(() => onAll(nodes, ['CONFIG', 'RESETSTAT']))

    for (const { name, open } of clientsOn(server, packagesOn(kind))) {
      adminSuite(
        name,
        () => nodes,
        () => open(nodes.map(({ url }) => url)),
      )
    }
  })
})
