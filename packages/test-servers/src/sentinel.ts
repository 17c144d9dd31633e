import { type FindServerOptions, type FoundServer, findServer } from './find-server.ts'
import { replicate } from './replicated.ts'
import { ask } from './resp.ts'
import type { ServerName } from './server-catalogue.ts'
import { type Config, ServerProcess } from './server-process.ts'
import { type RunningServer, startProcess } from './standalone.ts'
import { orStop, startTogether, stopTogether } from './start-together.ts'
import { waitUntil } from './wait-until.ts'

export type SentinelTopology = {
  /** The name under which the sentinels know the primary. */
  readonly masterName: string
  readonly sentinels: readonly RunningServer[]
  /** The primary of the beginning: a failover changes roles, not this object. */
  readonly primary: RunningServer
  readonly replicas: readonly RunningServer[]
  stop(): Promise<void>
}

export type SentinelOptions = FindServerOptions & {
  server?: ServerName
  /** Default 1. */
  replicas?: number
  /** Default 3. */
  sentinels?: number
  /** For the primary and the replicas. */
  config?: Config
}

const masterName = 'primary'
const host = '127.0.0.1'

/**
 * Starts a primary with replicas and sentinels that watch them, and returns when every sentinel knows all the others.
 * A primary that does not answer for one second is replaced.
 *
 * @throws TestServerError as `startStandalone`
 */
export async function startSentinel(options: SentinelOptions = {}): Promise<SentinelTopology> {
  const { replicas: replicaCount = 1, sentinels: sentinelCount = 3 } = options
  const found = await findServer(options.server, options)
  const { primary, replicas } = await replicate(found, replicaCount, options.config)
  const watched = [primary, ...replicas]
  const config = sentinelConfig(primary.port, Math.floor(sentinelCount / 2) + 1)
  const sentinels = await orStop(watched, () => startTogether(Array.from({ length: sentinelCount }, () => startOne(found, config))))
  const all = [...sentinels, ...watched]
  await orStop(all, () => Promise.all(sentinels.map((sentinel) => waitForAgreement(sentinel, replicaCount, sentinelCount))))
  return { masterName, sentinels, primary, replicas, stop: () => stopTogether(all) }
}

function sentinelConfig(primaryPort: number, quorum: number): Config {
  return {
    'protected-mode': 'no',
    [`sentinel monitor ${masterName}`]: `${host} ${primaryPort} ${quorum}`,
    [`sentinel down-after-milliseconds ${masterName}`]: '1000',
    [`sentinel failover-timeout ${masterName}`]: '4000',
  }
}

async function startOne(found: FoundServer, config: Config): Promise<RunningServer> {
  const sentinel = await startProcess(found, undefined, (port) => new ServerProcess(found.program, port, config, ['--sentinel']))
  // Sentinels find each other by greetings sent every 2 s, and replicas by questions asked every 10 s.
  await orStop([sentinel], () => ask(sentinel, ['SENTINEL', 'DEBUG', 'INFO-PERIOD', 500, 'PUBLISH-PERIOD', 200]))
  return sentinel
}

async function waitForAgreement(sentinel: RunningServer, replicas: number, sentinels: number): Promise<void> {
  await waitUntil(`sentinel on port ${sentinel.port} knows all others`, 30_000, async () => {
    const fields = (await ask(sentinel, ['SENTINEL', 'MASTER', masterName])) as string[]
    const field = (name: string): string | undefined => fields[fields.indexOf(name) + 1]
    const known = Number(field('num-slaves')) === replicas && Number(field('num-other-sentinels')) === sentinels - 1
    return known && field('flags') === 'master' && String(await ask(sentinel, ['SENTINEL', 'CKQUORUM', masterName])).startsWith('OK')
  })
}
