import type { Reply, Word } from './client.ts'
import { listenToNodeRedis } from './node-redis-events.ts'
import type { NodeRedis, NodeRedisSender } from './node-redis-shape.ts'
import { toClientError } from './reply.ts'
import { lost } from './unavailable.ts'

interface Unanswered {
  /** The very array that the client keeps until it writes it. */
  readonly words: Word[]
  reject(error: Error): void
}

const recallsOfClients = new WeakMap<NodeRedis, NodeRedisRecall>()

/**
 * Takes back commands when the link breaks. A client that keeps an offline queue (the default of the package) holds on to what
 * it has not written yet, and executes it after the reconnect, when nobody waits for it any more. What is still
 * unwritten then is found in our own list, rejected, and its words are made a `PING`: the client encodes words when it writes them.
 *
 * Not needed with `disableOfflineQueue: true`. One per client, for good.
 */
export class NodeRedisRecall {
  readonly #unanswered = new Set<Unanswered>()

  static of(live: NodeRedis, clientName: string): NodeRedisRecall {
    let recall = recallsOfClients.get(live)
    if (recall === undefined) {
      recall = new NodeRedisRecall()
      recallsOfClients.set(live, recall)
      const { recallAll } = recall
      listenToNodeRedis(live, { onLost: () => recallAll(clientName) })
    }
    return recall
  }

  /** Sends a copy of the words, which can be taken back. */
  send(sender: NodeRedisSender, given: readonly Word[], fold: (reply: unknown) => Reply): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const command: Unanswered = { words: given.slice(), reject }
      this.#unanswered.add(command)
      sender.sendCommand(command.words).then(
        (reply) => {
          this.#unanswered.delete(command)
          resolve(fold(reply))
        },
        (error) => {
          this.#unanswered.delete(command)
          reject(toClientError(error))
        },
      )
    })
  }

  readonly recallAll = (clientName: string): void => {
    for (const { words, reject } of this.#unanswered) {
      words.splice(0, words.length, 'PING')
      reject(lost(clientName))
    }
    this.#unanswered.clear()
  }
}
