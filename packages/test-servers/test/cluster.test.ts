import { describe, expect, test } from 'vitest'
import { ask, moveSlot, type RunningServer, slotOwner, startCluster } from '../src/index.ts'
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

    test("a slot is moved with its keys, again and again, and is always somebody's", async () => {
      const { nodes } = await keep(startCluster({ server }))
      const [first, second] = nodes
      // Slot 5061.
      for (let at = 0; at < 10; at++) await ask(nodes[0] as RunningServer, ['SET', `{bar}${at}`, at])
      for (let round = 0; round < 8; round++) {
        const to = round % 2 === 0 ? second : first
        await moveSlot(nodes, 5061, to as NonNullable<typeof to>)
        expect((await slotOwner(nodes, 5061)).port).toBe(to?.port)
        expect(await ask(to as RunningServer, ['CLUSTER', 'COUNTKEYSINSLOT', 5061])).toBe(10)
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
