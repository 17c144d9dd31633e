import type { Reply, Word } from './client.ts'
import type { Link, LinkSetup, Receiver, SideLink, SubscriberEvents, Tracker, TrackerEvents } from './link.ts'
import { LinkLife } from './link-life.ts'
import { listenToNodeRedis } from './node-redis-events.ts'
import { NodeRedisRecall } from './node-redis-recall.ts'
import type { NodeRedis, NodeRedisSender } from './node-redis-shape.ts'
import { openNodeRedisReceiver, openNodeRedisSubscriber, openNodeRedisTracker } from './node-redis-side-link.ts'
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
  readonly address: string
  readonly life: LinkLife
  readonly #live: NodeRedis
  readonly #lastError: (() => unknown) | undefined
  readonly #sender: NodeRedisSender
  readonly #recall: NodeRedisRecall | undefined
  readonly #stopListening: () => void

  constructor(live: NodeRedis, { news, address = '', lastError }: LinkSetup) {
    this.#live = live
    this.address = address
    this.life = new LinkLife(news)
    this.#lastError = lastError
    this.#sender = senderOf(live)
    this.#recall = live.options?.disableOfflineQueue ? undefined : NodeRedisRecall.of(live, nodeRedisName)
    this.#stopListening = listenToNodeRedis(live, {
      onLost: () => this.life.lost(),
      onReady: () => this.life.opened(),
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
    if (this.#live.isReady && !this.life.isTold) this.life.opened()
  }

  send(words: readonly Word[]): Promise<Reply> {
    if (!this.#live.isReady) return Promise.reject(this.#unavailable())
    if (!this.life.isTold) this.life.opened()
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

  openReceiver(events: TrackerEvents): Promise<Receiver> {
    return openNodeRedisReceiver(this.#live, events)
  }

  get untrackable(): string | undefined {
    const { clientSideCache, emitInvalidate } = this.#live.options ?? {}
    const taken = clientSideCache ? 'clientSideCache' : emitInvalidate ? 'emitInvalidate' : undefined
    return taken && `the client is tracked by its own option ${taken}. Hand in one without it`
  }

  release(): void {
    this.#stopListening()
    this.life.lost()
  }

  #unavailable(): Error {
    return unavailable(nodeRedisName, this.#live.isOpen ? 'connecting' : 'closed', this.#lastError?.())
  }
}
