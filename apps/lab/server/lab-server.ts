import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { createApp } from './app.ts'
import type { Asset } from './assets.ts'
import { createLive, type Live } from './live.ts'
import type { Preparation } from './preparation.ts'
import { type RunningLab, startLab } from './running-lab.ts'
import { createRuns } from './runs.ts'

export interface LabServerOptions {
  readonly assets: ReadonlyMap<string, Asset>
  /** Size of the airport; 1 is about 300,000 bookings. */
  readonly scale?: number
  onChange?(preparation: Preparation): void
}

export interface LabServer {
  readonly lab: RunningLab
  /**
   * Listens on 127.0.0.1.
   * @returns the port
   * @throws what the system says, with its `code`
   */
  listen(port: number): Promise<number>
  /** Ends runs, streams and servers. */
  close(): Promise<void>
}

export const host = '127.0.0.1'

/** The page's server and the servers behind it, which start at once and need not be waited for. */
export function createLabServer({ assets, scale = 1, onChange }: LabServerOptions): LabServer {
  let live: Live | undefined
  const changed = (preparation: Preparation) => {
    onChange?.(preparation)
    live?.changed()
  }
  const lab = startLab({ scale, onChange: changed })
  const runs = createRuns(() => live?.changed())
  live = createLive(lab, runs)
  const server = createAdaptorServer({ fetch: createApp({ lab, runs, live, assets }).fetch }) as Server
  return {
    lab,
    listen: (port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          resolve((server.address() as AddressInfo).port)
        })
      }),
    async close() {
      server.close()
      server.closeAllConnections()
      await runs.close()
      await live?.close()
      await lab.close()
    },
  }
}
