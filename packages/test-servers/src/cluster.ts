import { type FindServerOptions, type FoundServer, findServer } from './find-server.ts'
import { freePort } from './free-port.ts'
import { waitForSync } from './replicated.ts'
import { ask, askText } from './resp.ts'
import type { ServerName } from './server-catalogue.ts'
import { type Config, ServerProcess } from './server-process.ts'
import { quickConfig, type RunningServer, startProcess } from './standalone.ts'
import { orStop, startTogether, stopTogether } from './start-together.ts'
import { waitUntil } from './wait-until.ts'

export type ClusterNode = RunningServer & {
  /** The name the cluster knows it by. */
  readonly id: string
}

export type Cluster = {
  /** The primaries in the order of their slots, then the replicas: first one of each primary, then the second of each. */
  readonly nodes: readonly ClusterNode[]
  readonly urls: readonly string[]
  stop(): Promise<void>
}

export type ClusterOptions = FindServerOptions & {
  server?: ServerName
  /** Default 3. */
  primaries?: number
  /** Default 0. */
  replicasPerPrimary?: number
  config?: Config
}

const slots = 16_384

/**
 * Forms a cluster with the slots spread evenly, and returns when every node knows every other and serves. A primary that
 * does not answer for three seconds is replaced by its replica.
 *
 * @throws TestServerError as `startStandalone`
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const { primaries = 3, replicasPerPrimary = 0 } = options
  const found = await findServer(options.server, options)
  const count = primaries * (1 + replicasPerPrimary)
  const nodes = await startTogether(Array.from({ length: count }, () => startOne(found, options.config)))
  await orStop(nodes, () => form(nodes, primaries))
  return { nodes, urls: nodes.map(({ url }) => url), stop: () => stopTogether(nodes) }
}

type BusNode = ClusterNode & { readonly busPort: number }

async function startOne(found: FoundServer, config: Config = {}): Promise<BusNode> {
  let busPort = 0
  const running = await startProcess(found, undefined, async (port) => {
    busPort = await freePort()
    return new ServerProcess(found.program, port, { ...quickConfig, ...clusterConfig(busPort), ...config })
  })
  const id = await orStop([running], () => askText(running, ['CLUSTER', 'MYID']))
  // Descriptors, not a spread: the process id is a getter.
  return Object.defineProperties({ id, busPort }, Object.getOwnPropertyDescriptors(running)) as BusNode
}

function clusterConfig(busPort: number): Config {
  return {
    'cluster-enabled': 'yes',
    'cluster-config-file': 'nodes.conf',
    'cluster-node-timeout': '3000',
    'cluster-port': String(busPort),
    'cluster-announce-ip': '127.0.0.1',
  }
}

async function form(nodes: readonly BusNode[], primaries: number): Promise<void> {
  for (const [index, node] of nodes.entries()) {
    // Distinct from the start: nodes that find they share an epoch take a while to settle it.
    await ask(node, ['CLUSTER', 'SET-CONFIG-EPOCH', index + 1])
    if (index < primaries) await ask(node, ['CLUSTER', 'ADDSLOTSRANGE', ...slotRange(index, primaries)])
  }
  await introduce(nodes)
  await waitForAll(nodes, (view) => view.length === nodes.length && view.every(isSettled))
  const replicas = nodes.slice(primaries)
  await Promise.all(replicas.map((node, index) => ask(node, ['CLUSTER', 'REPLICATE', nodes[index % primaries]?.id ?? ''])))
  await Promise.all(replicas.map(waitForSync))
  await waitForAll(nodes, (view) => view.filter(isReplica).length === replicas.length)
  await Promise.all(nodes.map(waitForOk))
}

function slotRange(index: number, primaries: number): [first: number, last: number] {
  const start = (at: number): number => Math.round((slots * at) / primaries)
  return [start(index), start(index + 1) - 1]
}

/** Everyone meets everyone: quicker than waiting for the gossip. */
async function introduce(nodes: readonly BusNode[]): Promise<void> {
  for (const [index, node] of nodes.entries()) {
    for (const { host, port, busPort } of nodes.slice(index + 1)) await ask(node, ['CLUSTER', 'MEET', host, port, busPort])
  }
}

/** One line of CLUSTER NODES: `id address flags primary ping pong epoch link slots…`. */
type View = readonly (readonly string[])[]

async function waitForAll(nodes: readonly RunningServer[], agreed: (view: View) => boolean): Promise<void> {
  await Promise.all(
    nodes.map((node) =>
      waitUntil(`cluster node on port ${node.port} knows the others`, 30_000, async () => {
        const lines = (await askText(node, ['CLUSTER', 'NODES'])).trim().split('\n')
        return agreed(lines.map((line) => line.split(' ')))
      }),
    ),
  )
}

function isSettled(line: readonly string[]): boolean {
  return !/handshake|noaddr|fail/.test(line[2] ?? '') && line[7] === 'connected'
}

function isReplica(line: readonly string[]): boolean {
  return isSettled(line) && /slave/.test(line[2] ?? '')
}

async function waitForOk(node: RunningServer): Promise<void> {
  await waitUntil(`cluster node on port ${node.port} serves`, 30_000, async () => {
    const info = await askText(node, ['CLUSTER', 'INFO'])
    return info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${slots}`)
  })
}
