import { findServer, type ServerName, serverNames } from '../src/index.ts'
import { reasonOf } from '../src/test-server-error.ts'

export type AtHand = { readonly server: ServerName; readonly title: string; readonly missing: boolean }

/** Every server with whether it can be had here. With CI set one that cannot be had is a failure. */
export async function serversAtHand(): Promise<AtHand[]> {
  return Promise.all(
    serverNames.map(async (server) => {
      try {
        await findServer(server)
        return { server, title: server, missing: false }
      } catch (error) {
        if (process.env['CI']) throw error
        return { server, title: `${server}, skipped: ${reasonOf(error).split('\n')[0]}`, missing: true }
      }
    }),
  )
}
