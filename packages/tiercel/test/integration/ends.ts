import { type RunningServer, type ServerName, startStandalone } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { FaultProxy } from '../../src/testing/faults/fault-proxy.ts'

/** How what a test has opened ends. */
export type Ends = (() => unknown)[]

/**
 * What is put here ends when it is over, the last first.
 *
 * @param over `afterEach` or `afterAll`
 */
export function endsAt(over: (end: () => Promise<void>) => void): Ends {
  const ends: Ends = []
  over(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })
  return ends
}

/** A server, and a link to look at it and to change it behind everybody's back. */
export async function openServer(name: ServerName, ends: Ends): Promise<{ readonly server: RunningServer; readonly admin: Redis }> {
  const server = await startStandalone({ server: name })
  const admin = new Redis(server.url)
  admin.on('error', () => undefined)
  ends.push(
    () => server.stop(),
    () => admin.disconnect(),
  )
  return { server, admin }
}

export async function openProxy(server: RunningServer, ends: Ends): Promise<FaultProxy> {
  const proxy = await FaultProxy.start(server)
  ends.push(() => proxy.close())
  return proxy
}
