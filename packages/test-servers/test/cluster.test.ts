import { describe, expect, test } from 'vitest'
import { ask, type RunningServer, startCluster } from '../src/index.ts'
import { waitUntil } from '../src/wait-until.ts'
import { serversAtHand } from './servers-at-hand.ts'
import { keep } from './stop-after-test.ts'

for (const { server, title, missing } of await serversAtHand()) {
  describe.skipIf(missing)(title, () => {
    test('a cluster covers all slots and every node says so', async () => {
      const { nodes, urls } = await keep(startCluster({ server }))
      expect(urls).toEqual(nodes.map(({ port }) => `redis://127.0.0.1:${port}`))
      for (const node of nodes) {
        const ranges = (await ask(node, ['CLUSTER', 'SLOTS'])) as [number, number, [string, number, string]][]
        const sorted = ranges.map(([first, last, [host, port]]) => [first, last, host, port]).sort((a, b) => Number(a[0]) - Number(b[0]))
        expect(sorted).toEqual([
          [0, 5460, '127.0.0.1', nodes[0]?.port],
          [5461, 10922, '127.0.0.1', nodes[1]?.port],
          [10923, 16383, '127.0.0.1', nodes[2]?.port],
        ])
      }
    })

    test('the replica of a cluster node takes its slots', async () => {
      const { nodes } = await keep(startCluster({ server, replicasPerPrimary: 1 }))
      const [first, second, , replica] = nodes as readonly RunningServer[] as [RunningServer, RunningServer, RunningServer, RunningServer]
      await first.kill()
      await waitUntil('failover', 30_000, async () => {
        const [range] = ((await ask(second, ['CLUSTER', 'SLOTS'])) as [number, number, [string, number]][]).filter(([start]) => start === 0)
        return range?.[2][1] === replica.port && String(await ask(replica, ['CLUSTER', 'INFO'])).includes('cluster_state:ok')
      })
    })
  })
}
