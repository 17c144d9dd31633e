import { ServerError } from '../kernel/errors.ts'
import type { Command, Reply } from './client.ts'
import type { Link } from './link.ts'
import type { Nodes } from './nodes.ts'
import { slotOf } from './slot.ts'

/** The map of a cluster as the client underneath keeps it. */
export interface ClusterMap {
  readonly isReady: boolean
  ready(signal?: AbortSignal): Promise<void>
  /** The primary of a slot; undefined while the client has no link to it. */
  primaryOf(slot: number): Link | undefined
  /** A primary, any. */
  any(): Link | undefined
  /** Connects to the primary of `slot` (undefined: any), if that was never done, and waits for it at most a moment. */
  connect(slot: number | undefined): Promise<Link>
  /** As `Nodes.primaries`: also those that were lost and not replaced yet. */
  primaries(): Promise<ReadonlyMap<string, Link | undefined>>
  /** Sends a command that the server redirected (`MOVED`, `ASK`: it was not executed) to where it belongs. */
  redirect(command: Command, slot: number | undefined, redirection: ServerError): Promise<Reply>
  release(): void
}

/**
 * Routes each command straight to the link of its slot. Not through the client's own cluster path, which sends a command again
 * after a lost link. Replicas are not asked, whatever `readOnly` says: they lag.
 */
export function clusterNodes(map: ClusterMap): Nodes {
  return {
    topology: 'cluster',
    get isReady() {
      return map.isReady
    },
    ready: (signal) => map.ready(signal),
    send: (command) => send(map, command),
    any: () => pick(map),
    primaries: () => map.primaries(),
    release: () => map.release(),
  }
}

function send(map: ClusterMap, command: Command): Promise<Reply> {
  const slot = command.key === undefined ? undefined : slotOf(command.key)
  const link = slot === undefined ? map.any() : map.primaryOf(slot)
  const reply = link?.isReady ? link.send(command.words) : map.connect(slot).then((opened) => opened.send(command.words))
  return reply.catch((error) => {
    if (error instanceof ServerError && (error.reply === 'MOVED' || error.reply === 'ASK')) return map.redirect(command, slot, error)
    throw error
  })
}

function pick(map: ClusterMap): Promise<Link> {
  const link = map.any()
  return link?.isReady ? Promise.resolve(link) : map.connect(undefined)
}
