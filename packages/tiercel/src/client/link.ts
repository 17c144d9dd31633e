import type { Reply, Word } from './client.ts'
import type { LinkLife } from './link-life.ts'
import type { LinkNews } from './link-news.ts'

/**
 * One connection to one node, as a client package gives it. The families (`node-redis-link.ts`, `ioredis-link.ts`) bring
 * links; `standalone.ts` and `cluster.ts` make a `Client` of them.
 *
 * An implementer promises what `Client` promises of a command: sent at once or refused at once, never sent again, errors
 * already mapped (`reply.ts`). `send` never throws: it rejects. Every connection is told to `LinkNews` once, before a command leaves on it.
 */
export interface Link {
  /** `host:port` on a cluster, as its map names the node; empty where there is only one. */
  readonly address: string
  readonly isReady: boolean
  readonly life: LinkLife
  /** Waits until the connection can be used; starts it if nobody has. */
  ready(signal?: AbortSignal): Promise<void>
  send(words: readonly Word[]): Promise<Reply>
  /** Tells of the connection now, if it can be used and was not told of yet. */
  tell(): void
  /** Opens one more connection to the same node, subscribed to `channels`. */
  openSubscriber(channels: readonly string[], events: SubscriberEvents): Promise<SideLink>
  /** Opens one more connection to the same node, to which the server pushes the names of changed keys. */
  openTracker(prefixes: readonly string[], events: TrackerEvents): Promise<Tracker>
  /** Opens one more connection to the same node, to which this one can redirect what the server pushes (`CLIENT TRACKING … REDIRECT`). */
  openReceiver(events: TrackerEvents): Promise<Receiver>
  /** Why this connection cannot be tracked itself, for the user; undefined where it can. */
  readonly untrackable: string | undefined
  /** Takes the adapter's hands off the client. Ends nothing. */
  release(): void
}

/** What a link is made with, beside the live client. */
export interface LinkSetup {
  readonly news: LinkNews
  readonly address?: string
  /** What the client reported last, where its events are ours. */
  readonly lastError?: () => unknown
  /** Whether the connection that there is was set up as it should be, where the client uses it even if not. */
  readonly isSetUp?: () => boolean
}

/** A connection of our own. It does not reconnect: `kept-link.ts` opens the next one. */
export interface SideLink {
  close(): void
}

export interface Tracker extends SideLink {
  ping(): Promise<void>
}

export interface Receiver extends Tracker {
  /** What the server knows the connection by. */
  readonly id: string
}

export interface SubscriberEvents {
  onMessage(channel: string, message: Buffer): void
  /** Lost; told once. May also be told after `close`. */
  onEnd(): void
}

export interface TrackerEvents {
  onInvalidate(keys: readonly string[] | null): void
  onEnd(): void
}
