import { ServerError } from '../kernel/errors.ts'
import type { Command, Reply } from './client.ts'
import type { Link } from './link.ts'
import type { LinkNews } from './link-news.ts'
import type { Nodes } from './nodes.ts'
import { slotOf } from './slot.ts'
import { SlotOwners } from './slot-owners.ts'

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
  /** The link to where a redirection (`MOVED`, `ASK`: the command was not executed) points. The client's map learns of it, if it is lasting. */
  follow(redirection: ServerError, key: string | undefined): Promise<Link>
  release(): void
}

const mostRedirections = 5

/**
 * Routes each command straight to the link of its slot. Not through the client's own cluster path, which sends a command again
 * after a lost link. Replicas are not asked, whatever `readOnly` says: they lag.
 */
export function clusterNodes(map: ClusterMap, news: LinkNews): Nodes {
  const owners = new SlotOwners((slot) => map.primaryOf(slot), news)
  return {
    topology: 'cluster',
    get isReady() {
      return map.isReady
    },
    news,
    ready: (signal) => map.ready(signal),
    send: (command) => send(map, owners, command),
    any: () => pick(map),
    primaries: () => map.primaries(),
    release: () => map.release(),
  }
}

function send(map: ClusterMap, owners: SlotOwners, command: Command): Promise<Reply> {
  const slot = command.key === undefined ? undefined : slotOf(command.key)
  const link = slot === undefined ? map.any() : owners.of(slot)
  const reply = link?.isReady ? link.send(command.words) : connectAndSend(map, owners, slot, command)
  return reply.catch((error) => {
    if (isRedirection(error)) return redirect(map, owners, command, error)
    throw error
  })
}

async function connectAndSend(map: ClusterMap, owners: SlotOwners, slot: number | undefined, command: Command): Promise<Reply> {
  const link = await map.connect(slot)
  if (slot !== undefined) owners.of(slot)
  return link.send(command.words)
}

async function redirect(map: ClusterMap, owners: SlotOwners, command: Command, first: ServerError): Promise<Reply> {
  let redirection = first
  for (let count = 1; ; count++) {
    const link = await map.follow(redirection, command.key)
    if (redirection.reply === 'ASK') link.send(['ASKING']).catch(() => {})
    else if (command.key !== undefined) owners.moved(slotOf(command.key), link)
    try {
      return await link.send(command.words)
    } catch (error) {
      if (!isRedirection(error) || count === mostRedirections) throw error
      redirection = error
    }
  }
}

function isRedirection(error: unknown): error is ServerError {
  return error instanceof ServerError && (error.reply === 'MOVED' || error.reply === 'ASK')
}

function pick(map: ClusterMap): Promise<Link> {
  const link = map.any()
  return link?.isReady ? Promise.resolve(link) : map.connect(undefined)
}
