import type { Reply, Word } from './client.ts'
import type { Link, SideLink, SubscriberEvents, Tracker, TrackerEvents } from './link.ts'
import type { LinkNews } from './link-news.ts'
import { listenToNodeRedis } from './node-redis-events.ts'
import { NodeRedisRecall } from './node-redis-recall.ts'
import type { NodeRedis, NodeRedisSender } from './node-redis-shape.ts'
import { openNodeRedisSubscriber, openNodeRedisTracker } from './node-redis-side-link.ts'
import { folderOf, throwClientError } from './reply.ts'
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

/** Version 6 copies options given beforehand and applies them to raw commands too; version 5 wants them with each command, which costs more. */
function senderOf(live: NodeRedis): NodeRedisSender {
  let isCopied = false
  const withTimeout = {
    get timeout(): number {
      isCopied = true
      return 0
    },
  }
  live.withCommandOptions(withTimeout)
  if (isCopied) return live.withCommandOptions(nodeRedisCommandOptions)
  return { sendCommand: (words) => live.sendCommand(words, nodeRedisCommandOptions) }
}

export class NodeRedisLink implements Link {
  readonly #live: NodeRedis
  readonly #news: LinkNews
  readonly #lastError: (() => unknown) | undefined
  readonly #sender: NodeRedisSender
  readonly #recall: NodeRedisRecall | undefined
  readonly #stopListening: () => void
  #isTold = false

  /** @param lastError what the client reported last, where its events are ours */
  constructor(live: NodeRedis, news: LinkNews, lastError?: () => unknown) {
    this.#live = live
    this.#news = news
    this.#lastError = lastError
    this.#sender = senderOf(live)
    this.#recall = live.options?.disableOfflineQueue ? undefined : NodeRedisRecall.of(live, nodeRedisName)
    this.#stopListening = listenToNodeRedis(live, {
      onLost: () => this.#lost(),
      onReady: () => {
        this.#lost()
        this.tell()
      },
    })
  }

  get isReady(): boolean {
    return this.#live.isReady
  }

  async ready(signal?: AbortSignal): Promise<void> {
    let failure: unknown
    const live = this.#live
    if (!live.isOpen && !live.socketEpoch) live.connect().catch((error: unknown) => (failure = error))
    const state = (): LinkState => (live.isReady ? 'ready' : live.isOpen ? 'waiting' : 'gone')
    await whenReady(nodeRedisName, state, signal, () => failure ?? this.#lastError?.())
    this.tell()
  }

  tell(): void {
    if (this.#isTold || !this.#live.isReady) return
    this.#isTold = true
    this.#news.opened()
  }

  send(words: readonly Word[]): Promise<Reply> {
    if (!this.#live.isReady) return Promise.reject(this.#unavailable())
    if (!this.#isTold) this.tell()
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

  release(): void {
    this.#stopListening()
    this.#lost()
  }

  #lost(): void {
    if (!this.#isTold) return
    this.#isTold = false
    this.#news.lost()
  }

  #unavailable(): Error {
    return unavailable(nodeRedisName, this.#live.isOpen ? 'connecting' : 'closed', this.#lastError?.())
  }
}
