import { type FindServerOptions, type FoundServer, findServer } from './find-server.ts'
import { askText } from './resp.ts'
import type { ServerName } from './server-catalogue.ts'
import type { Config } from './server-process.ts'
import { type RunningServer, startNode } from './standalone.ts'
import { orStop, startTogether, stopTogether } from './start-together.ts'
import { waitUntil } from './wait-until.ts'

export type Replicated = {
  readonly primary: RunningServer
  readonly replicas: readonly RunningServer[]
  /** Stops all of them. */
  stop(): Promise<void>
}

export type ReplicatedOptions = FindServerOptions & {
  server?: ServerName
  /** Default 1. */
  replicas?: number
  /** For the primary and the replicas. */
  config?: Config
}

/**
 * Starts a primary with replicas and returns when every replica is in sync.
 *
 * @throws TestServerError as `startStandalone`
 */
export async function startReplicated(options: ReplicatedOptions = {}): Promise<Replicated> {
  return replicate(await findServer(options.server, options), options.replicas ?? 1, options.config)
}

export async function replicate(found: FoundServer, count: number, config: Config = {}): Promise<Replicated> {
  const primary = await startNode(found, { config })
  const replicaof = `${primary.host} ${primary.port}`
  const replicas = await orStop([primary], () =>
    startTogether(Array.from({ length: count }, () => startNode(found, { config: { ...config, replicaof } }))),
  )
  await orStop([primary, ...replicas], () => Promise.all(replicas.map(waitForSync)))
  return { primary, replicas, stop: () => stopTogether([primary, ...replicas]) }
}

/** Waits until a replica has its primary's data and follows it. */
export async function waitForSync(replica: RunningServer): Promise<void> {
  await waitUntil(`replica on port ${replica.port} in sync`, 20_000, async () => {
    const info = await askText(replica, ['INFO', 'replication'])
    return info.includes('master_link_status:up')
  })
}
