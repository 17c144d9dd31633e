/**
 * The client port: the whole of what Tiercel asks of a Valkey or Redis client.
 *
 * An implementer promises:
 *
 * - a command is words with a routing key; the reply has the RESP2 shape, whatever protocol the link speaks;
 * - commands that were sent in one turn of the event loop leave together, in the order in which they were sent;
 * - a command that was answered with an error rejects with `ServerError`; one that could not be sent, or whose answer is
 *   lost, rejects with `StoreError` `TIERCEL_STORE_UNAVAILABLE`. A command is never sent again by itself (one that a replica may answer: once, to its primary);
 * - nothing is queued while there is no link: `send` rejects at once. `ready()` waits for the first link;
 * - an adapter made from a live client borrows it: `close()` ends only the links that the adapter itself opened;
 * - `close()` may be called twice.
 *
 * There are no deadlines here: who waits brings his own (`resilience/deadline`).
 *
 * Defined by the suite `testing/conformance/client-conformance.ts`, `clientConformance` of `tiercel/testing`, and by `test/conformance/client*.suite.ts`.
 */
export interface Client {
  readonly specVersion: 1
  /** Which client is underneath, for messages and metrics: `node-redis`, `ioredis`, `iovalkey`, `glide`. */
  readonly name: string
  readonly topology: 'standalone' | 'cluster'
  /** Whether a command sent now would leave at once. */
  readonly isReady: boolean
  /** Grows whenever a link to a primary has become usable or was lost: equal numbers, same links. */
  readonly linkEpoch: number
  /** How old at most what a `readOnly` command answers may be, in ms; 0: it is answered by primaries. */
  readonly readLagMs: number
  /**
   * Calls `listener` whenever a link to a primary has become usable: the first time, after every loss, and on a cluster also when keys have
   * moved to another primary (failover, moved slots). It is called before any other command of this client leaves on that link: commands that
   * it sends in that very call are the first (on a cluster each on the link of its key). It must not throw.
   *
   * A client that does not report its links (`glide.ts`) tells of one with the first answer on it, which it rejects as lost: nobody is handed an
   * answer of a link that was not told of.
   *
   * A link that was used before `onLink` was called is not told of. A new link that turns up during the call is part of it.
   * Your own commands on a live client that you handed in do not wait for it.
   *
   * @returns what takes the listener off; `close` does so too
   */
  onLink(listener: () => void): () => void
  /**
   * Waits for the first link. Resolves at once when it is there; a live client that was never told to connect is told so.
   * @throws {TIERCEL_STORE_UNAVAILABLE} the client was closed or gave up, or `signal` fired
   */
  ready(signal?: AbortSignal): Promise<void>
  /**
   * The address of the node that a command with this key would be sent to now; the same for all keys where there is only one. `undefined`: it cannot be
   * said, because there is no link to it or the client does not tell.
   */
  nodeOf(key: string): string | undefined
  /**
   * Sends one command.
   * @throws {TIERCEL_SERVER_ERROR} the server answered with an error
   * @throws {TIERCEL_STORE_UNAVAILABLE} there is no link, or it broke before the answer came
   */
  send(command: Command): Promise<Reply>
  /**
   * Sends commands as one pipeline (one per node on a cluster). Not a transaction. One result per command, in order;
   * a command that failed is an `Error` in its place, so the promise itself rejects only when the client is closed.
   */
  batch(commands: readonly Command[]): Promise<(Reply | Error)[]>
  /**
   * Listens to pub/sub channels on a link of its own. Messages and channels are bytes and text.
   * Resolves when the server has confirmed all channels. Re-subscribes by itself after a lost link, and says so.
   */
  subscribe(channels: readonly string[], listener: SubscriptionListener): Promise<Subscription>
  /**
   * Opens server-assisted invalidation (`CLIENT TRACKING`): per primary on a link of its own, or for the other modes and `noLoop` on the link
   * that commands go out on, with a link beside it to which the server redirects what it pushes.
   * Resolves when every link is tracking. A lost link is opened again by itself; between `onDown` and the next `onUp`
   * invalidations may have been missed, and what is read in between may not be watched.
   * @throws {TIERCEL_UNSUPPORTED} the mode needs the link of the commands, and that is tracked already (by your own option, or an earlier `track`);
   *   or the client does not hand on what the server pushes (GLIDE)
   * @throws {TIERCEL_INVALID_OPTION}
   */
  track(options: TrackingOptions, listener: TrackingListener): Promise<Tracking>
  /** The primaries: one, or those of a cluster as the client knows them now. For what has to be asked of each: `SCAN`. */
  primaries(): Promise<readonly PrimaryNode[]>
  close(): Promise<void>
}

export interface PrimaryNode {
  /** `host:port` on a cluster; empty where there is only one. */
  readonly address: string
  /**
   * Sends to this node, wherever the keys of the command belong. A redirection is told as the `ServerError` that it is.
   * @throws {TIERCEL_SERVER_ERROR} {TIERCEL_STORE_UNAVAILABLE} as `Client.send`
   */
  send(words: readonly Word[]): Promise<Reply>
}

/** A command as words. Text is UTF-8. */
export interface Command {
  readonly words: readonly Word[]
  /** The key that decides the node on a cluster. None: any node will do. */
  readonly key?: string
  /**
   * Whether a replica may answer, where the adapter was told to read from replicas. Such a read is not in order with the commands around it, and
   * is sent to the primary when the replica cannot answer. Default: false.
   */
  readonly readOnly?: boolean
  /** Whether its keys are to be watched from now on, where tracking has the mode `optin`. Costs one more command, not one more round trip. Default: false. */
  readonly tracked?: boolean
}

export type Word = string | Buffer

/**
 * A reply in the RESP2 shape. Bulk and status strings are bytes, also doubles and big numbers; maps and sets are flat
 * arrays; true and false are 1 and 0. An error inside an array is a `ServerError`.
 */
export type Reply = Buffer | number | null | Error | Reply[]

export interface SubscriptionListener {
  onMessage(channel: string, message: Buffer): void
  /** The link broke; messages are being missed. */
  onDown?(): void
  /** Subscribed again. */
  onUp?(): void
}

export interface Subscription {
  /** Ends the subscription and its link. May be called twice. */
  close(): Promise<void>
}

export interface TrackingOptions {
  /** Key prefixes, at least one, none a prefix of another. Other keys are not told of, in any mode. */
  readonly prefixes: readonly string[]
  /**
   * What the server tells of. Default: `broadcast`.
   *
   * - `broadcast`: every change under the prefixes, by anybody, read here or not. Costs the server no memory, and a push per change and process.
   * - `default`: changes of keys that were read by this client, once: a key is watched from a read until its next change, **also one of
   *   our own** and also with `noLoop`. The server remembers readers, up to its `tracking-table-max-keys`; what it forgets it tells of.
   * - `optin`: as `default`, but only keys of commands with `tracked: true`.
   */
  readonly mode?: 'broadcast' | 'default' | 'optin'
  /** Whether changes made through this client are left out. Default: false. */
  readonly noLoop?: boolean
}

export interface TrackingListener {
  /** Keys that changed; `null`: everything may have changed (the server was flushed, or its tables overflowed). */
  onInvalidate(keys: readonly string[] | null): void
  /** A link was lost. */
  onDown?(): void
  /** All links are tracking again. */
  onUp?(): void
}

export interface Tracking {
  /**
   * The heartbeat: a round trip on every tracking link, in order with its pushes as far as the server keeps it. With a pair of links it proves both,
   * and that the server still redirects from the one to the other.
   */
  ping(): Promise<void>
  /** Ends tracking and its links. May be called twice. */
  close(): Promise<void>
}
