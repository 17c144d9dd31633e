import { createClient } from '@redis/client'
import { serverFromEnv, startStandalone } from '@tiercel/test-servers'
import type { ServerCounters } from './suite.ts'

/** The server of a run, with a link of its own to ask it what it counts. */
export interface BenchServer {
  readonly url: string
  /** Its name → its version. */
  readonly versions: Readonly<Record<string, string>>
  counters(): Promise<ServerCounters>
  stop(): Promise<void>
}

/** For suites that need none. */
export const noServer: BenchServer = {
  url: '',
  versions: {},
  counters: async () => ({ commands: 0, bytesIn: 0, bytesOut: 0 }),
  stop: async () => {},
}

/** The server of `VALKEY_URL`, which is left as it was but for keys with a ttl, or one for this run alone. */
export async function startServer(onProgress: (line: string) => void): Promise<BenchServer> {
  const server = (await serverFromEnv()) ?? (await startStandalone({ server: 'valkey-9.1', onProgress }))
  const url = server.url.replace(/^valkey/, 'redis') // a scheme that the clients do not know
  const client = createClient({ url })
  client.on('error', (error: Error) => onProgress(`server: ${error.message}`))
  await client.connect()
  return {
    url,
    versions: { [server.kind]: server.version },
    counters: async () => countersIn(await client.info('stats')),
    async stop() {
      client.destroy()
      await server.stop()
    },
  }
}

function countersIn(info: string): ServerCounters {
  const counter = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1])
  return {
    commands: counter('total_commands_processed'),
    bytesIn: counter('total_net_input_bytes'),
    bytesOut: counter('total_net_output_bytes'),
  }
}
