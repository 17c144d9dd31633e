import type { Reply, Word } from './client.ts'
import type { Link, SideLink, SubscriberEvents, Tracker, TrackerEvents } from './link.ts'
import { openNodeRedisSubscriber, openNodeRedisTracker } from './node-redis-side-link.ts'
import { NodeRedisRecall } from './node-redis-recall.ts'
import type { NodeRedis } from './node-redis-shape.ts'
import { folderOf, throwClientError, toClientError } from './reply.ts'
import { unavailable } from './unavailable.ts'
import { type LinkState, whenReady } from './when-ready.ts'

export const nodeRedisName = 'node-redis'

/** RESP types (their first byte on the wire) → what to decode them to: `RESP_TYPES` of the package. */
const typeMapping = {
  36: Buffer, // blob string
  43: Buffer, // simple string
  61: Buffer, // verbatim string
  44: String, // double
  40: String, // big number
  37: Array, // map
  126: Array, // set
}

/** `timeout: 0` because version 6 arms an `AbortSignal.timeout` per command otherwise, at several times the cost of the command. */
export const nodeRedisCommandOptions: { readonly [name: string]: unknown } = { timeout: 0, typeMapping, asap: false }

export class NodeRedisLink implements Link {
  readonly #live: NodeRedis
  readonly #sender: Pick<NodeRedis, 'sendCommand'>
  readonly #recall: NodeRedisRecall | undefined

  constructor(live: NodeRedis) {
    this.#live = live
    // Once, not per command: the package merges options that come with a command into a new object each time.
    this.#sender = live.withCommandOptions(nodeRedisCommandOptions)
    this.#recall = live.options?.disableOfflineQueue ? undefined : NodeRedisRecall.of(live, nodeRedisName)
  }

  get isReady(): boolean {
    return this.#live.isReady
  }

  async ready(signal?: AbortSignal): Promise<void> {
    let failure: unknown
    if (!this.#live.isOpen && !this.#live.socketEpoch) this.#live.connect().catch((error: unknown) => (failure = error))
    const state = (): LinkState => (this.#live.isReady ? 'ready' : this.#live.isOpen ? 'waiting' : 'gone')
    await whenReady(nodeRedisName, state, signal).catch((error) => {
      throw failure === undefined || signal?.aborted ? error : toClientError(failure)
    })
  }

  send(words: readonly Word[]): Promise<Reply> {
    if (!this.#live.isReady) return Promise.reject(unavailable(nodeRedisName, this.#live.isOpen ? 'connecting' : 'closed'))
    const fold = folderOf(words[0])
    if (this.#recall !== undefined) return this.#recall.send(this.#sender, words, fold)
    return this.#sender.sendCommand(words).then(fold, throwClientError)
  }

  openSubscriber(channels: readonly string[], events: SubscriberEvents): Promise<SideLink> {
    return openNodeRedisSubscriber(this.#live, channels, events)
  }

  openTracker(prefixes: readonly string[], events: TrackerEvents): Promise<Tracker> {
    return openNodeRedisTracker(this.#live, prefixes, events)
  }

  release(): void {}
}
