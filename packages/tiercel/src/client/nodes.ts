import type { Command, Reply } from './client.ts'
import type { Link } from './link.ts'
import type { LinkNews } from './link-news.ts'
import { sendOn } from './tracking-pair.ts'

/** The nodes behind a client: one (`oneNode`), or the primaries of a cluster (`cluster.ts`). */
export interface Nodes {
  readonly topology: 'standalone' | 'cluster'
  readonly isReady: boolean
  readonly news: LinkNews
  /** As `Client.readLagMs`. */
  readonly readLagMs?: number
  ready(signal?: AbortSignal): Promise<void>
  /** As `Client.nodeOf`. */
  nodeOf(key: string): string | undefined
  send(command: Command): Promise<Reply>
  /** Some node that can be used now; for pub/sub, which all nodes share. */
  any(): Promise<Link>
  /** All primaries by address; undefined where the client has lost its link. */
  primaries(): Promise<ReadonlyMap<string, Link | undefined>>
  release(): void
}

export function oneNode(link: Link, news: LinkNews): Nodes {
  const self = Promise.resolve(link)
  const primaries = Promise.resolve(new Map([['', link]]))
  return {
    topology: 'standalone',
    get isReady() {
      return link.isReady
    },
    news,
    ready: (signal) => link.ready(signal),
    nodeOf: () => (link.isReady ? link.address : undefined),
    send: (command) => sendOn(link, command),
    any: () => self,
    primaries: () => primaries,
    release: () => link.release(),
  }
}
