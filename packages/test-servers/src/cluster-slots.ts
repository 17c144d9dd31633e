import type { ClusterNode } from './cluster.ts'
import { ask, askText } from './resp.ts'
import { TestServerError } from './test-server-error.ts'
import { waitUntil } from './wait-until.ts'

/** Keys that are moved at once. Few, so that a slot is half here and half there for a while. */
const together = 3

/**
 * The primary that owns a slot, as it sees it itself.
 *
 * @throws TestServerError TIERCEL_TEST_SERVER_REPLY when none does
 */
export async function slotOwner(nodes: readonly ClusterNode[], slot: number): Promise<ClusterNode> {
  for (const node of nodes) if ((await lineOf(node, node.id)).slice(8).some((range) => isWithin(range, slot))) return node
  throw new TestServerError('TIERCEL_TEST_SERVER_REPLY', `no node owns slot ${slot}`)
}

/**
 * Moves a slot with its keys, as `valkey-cli --cluster reshard` does, and returns when every node knows of it.
 *
 * @param nodes all of the cluster; they must be up
 * @throws TestServerError TIERCEL_TEST_SERVER_REPLY when no node owns the slot, TIERCEL_TEST_SERVER_NOT_READY when they do not agree within 30 s
 */
export async function moveSlot(nodes: readonly ClusterNode[], slot: number, to: ClusterNode): Promise<void> {
  const from = await slotOwner(nodes, slot)
  if (from === to) return
  // The new owner takes the next epoch that it knows of. Were that one already another's, the gossip could give the slot to nobody.
  await untilAgreed(nodes)
  await ask(to, ['CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id])
  await ask(from, ['CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id])
  await moveKeys(from, to, slot)
  // The new owner first, so that nobody serves it twice; replicas are told by their primaries.
  for (const node of [to, from]) await ask(node, ['CLUSTER', 'SETSLOT', slot, 'NODE', to.id])
  await untilAgreed(nodes)
}

async function moveKeys(from: ClusterNode, to: ClusterNode, slot: number): Promise<void> {
  for (;;) {
    const keys = (await ask(from, ['CLUSTER', 'GETKEYSINSLOT', slot, together])) as string[]
    if (keys.length === 0) return
    await ask(from, ['MIGRATE', to.host, to.port, '', 0, 2_000, 'KEYS', ...keys])
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Until all see the same epochs, and with them the same owners. */
async function untilAgreed(nodes: readonly ClusterNode[]): Promise<void> {
  await waitUntil('the nodes of the cluster agree', 30_000, async () => {
    const views = await Promise.all(nodes.map(viewOf))
    return new Set(views).size === 1
  })
}

/** Who owns what, by which epoch, as one node sees it. */
async function viewOf(node: ClusterNode): Promise<string> {
  const [nodes, info] = await Promise.all([askText(node, ['CLUSTER', 'NODES']), askText(node, ['CLUSTER', 'INFO'])])
  const lines = nodes
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
  const owners = lines.map(([id, , , , , , epoch, , ...ranges]) =>
    [id, epoch, ...ranges.filter((range) => !range.startsWith('['))].join(' '),
  )
  return [/cluster_current_epoch:\d+/.exec(info)?.[0], ...owners.sort()].join('\n')
}

async function lineOf(node: ClusterNode, id: string): Promise<string[]> {
  const lines = (await askText(node, ['CLUSTER', 'NODES'])).split('\n')
  return lines.find((line) => line.startsWith(id))?.split(' ') ?? []
}

/** @param range `7`, `7-12`, or `[7->-id]`, which is about a slot that is moving */
function isWithin(range: string, slot: number): boolean {
  const [first, last = first] = range.split('-').map(Number) as [number, number?]
  return slot >= first && slot <= last
}
