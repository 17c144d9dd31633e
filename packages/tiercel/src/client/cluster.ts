import { ServerError } from '../kernel/errors.ts'
import type { Command, Reply } from './client.ts'
import type { Link } from './link.ts'
import type { LinkNews } from './link-news.ts'
import type { Nodes } from './nodes.ts'
import { slotOf } from './slot.ts'
import { SlotOwners } from './slot-owners.ts'
import { sendOn } from './tracking-pair.ts'

/** The map of a cluster as the client underneath keeps it. */
export interface ClusterMap {
  readonly isReady: boolean
  ready(signal?: AbortSignal): Promise<void>
  /** The primary of a slot; undefined while the client has no link to it. */
  primaryOf(slot: number): Link | undefined
  /** The replicas of the primary of a slot that the client underneath has connections for. */
  replicasOf(slot: number): readonly Link[]
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
 * after a lost link. Replicas are not asked here, whatever `readOnly` says: they lag (`replica-nodes.ts`).
 */
export class ClusterNodes implements Nodes {
  readonly topology = 'cluster'
  readonly news: LinkNews
  readonly #map: ClusterMap
  readonly #owners: SlotOwners

  constructor(map: ClusterMap, news: LinkNews) {
    this.news = news
    this.#map = map
    this.#owners = new SlotOwners((slot) => map.primaryOf(slot), news)
  }

  get isReady(): boolean {
    return this.#map.isReady
  }

  ready(signal?: AbortSignal): Promise<void> {
    return this.#map.ready(signal)
  }

  nodeOf(key: string): string | undefined {
    const link = this.#owners.of(slotOf(key))
    return link?.isReady ? link.address : undefined
  }

  send(command: Command): Promise<Reply> {
    const slot = command.key === undefined ? undefined : slotOf(command.key)
    const link = slot === undefined ? this.#map.any() : this.#owners.of(slot)
    const reply = link?.isReady ? sendOn(link, command) : this.#connectAndSend(command, slot)
    return reply.catch((error) => {
      if (isRedirection(error)) return this.#redirect(command, error)
      throw error
    })
  }

  any(): Promise<Link> {
    const link = this.#map.any()
    return link?.isReady ? Promise.resolve(link) : this.#map.connect(undefined)
  }

  primaries(): Promise<ReadonlyMap<string, Link | undefined>> {
    return this.#map.primaries()
  }

  release(): void {
    this.#map.release()
  }

  async #connectAndSend(command: Command, slot: number | undefined): Promise<Reply> {
    const link = await this.#map.connect(slot)
    if (slot !== undefined) this.#owners.of(slot)
    return sendOn(link, command)
  }

  async #redirect(command: Command, first: ServerError): Promise<Reply> {
    let redirection = first
    for (let count = 1; ; count++) {
      const link = await this.#map.follow(redirection, command.key)
      try {
        if (redirection.reply === 'ASK') return await this.#ask(link, command)
        if (command.key !== undefined) this.#owners.moved(slotOf(command.key), link)
        return await sendOn(link, command)
      } catch (error) {
        if (!isRedirection(error) || count === mostRedirections) throw error
        redirection = error
      }
    }
  }

  /** Never watched there: `ASKING` and the announcement of a watched read undo each other, and the node need not be a primary of ours yet. */
  async #ask(link: Link, command: Command): Promise<Reply> {
    link.send(['ASKING']).catch(() => {})
    try {
      return await link.send(command.words)
    } finally {
      this.news.strayed()
    }
  }
}

function isRedirection(error: unknown): error is ServerError {
  return error instanceof ServerError && (error.reply === 'MOVED' || error.reply === 'ASK')
}
