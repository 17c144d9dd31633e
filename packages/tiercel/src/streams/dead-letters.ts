import type { Reply } from '../client/client.ts'
import { UsageError } from '../kernel/errors.ts'
import { show } from '../kernel/show.ts'
import { dropScript, lettersScript, replayScript } from './append-scripts.ts'
import type { DeadLetter } from './record.ts'
import type { StreamContext } from './stream-context.ts'
import type { PartitionKeys } from './stream-keys.ts'

const idPattern = /^(\d+):(\d+-\d+)$/

/** Records that were given up, by partition and in the order in which they were. They stay until somebody replays or drops them. */
export class DeadLetters {
  readonly #context: StreamContext

  constructor(context: StreamContext) {
    this.#context = context
  }

  /**
   * @param after the id of the last one of the page before
   * @remarks One round trip for each partition that is looked at.
   */
  async list(limit: number, after?: string): Promise<readonly DeadLetter[]> {
    const from = after === undefined ? undefined : this.#find(after)
    const letters: DeadLetter[] = []
    for (let at = from?.keys.partition ?? 0; at < this.#context.partitions.length && letters.length < limit; at += 1) {
      const start = at === from?.keys.partition ? from.id : '-'
      letters.push(...(await this.#read(this.#context.partitions[at] as PartitionKeys, start, limit - letters.length)))
    }
    return letters
  }

  /** Appends it again as the newest record of its key; `undefined`: it is not there any more. One round trip. */
  async replay(id: string): Promise<{ readonly sequence: number; readonly key: string } | undefined> {
    const { keys, id: entry } = this.#find(id)
    const reply = await this.#context.scripts.runOne('replay', () => ({
      script: replayScript,
      keys: [keys.stream, keys.meta, keys.pending, keys.dead],
      args: [entry, this.#context.setUp.isIndexed ? '1' : '0'],
    }))
    return Array.isArray(reply) ? { sequence: Number(reply[0]), key: String(reply[1]) } : undefined
  }

  /** @returns its key; `undefined`: it is not there any more. One round trip */
  async drop(id: string): Promise<string | undefined> {
    const { keys, id: entry } = this.#find(id)
    const reply = await this.#context.scripts.runOne('drop', () => ({ script: dropScript, keys: [keys.dead], args: [entry] }))
    return Buffer.isBuffer(reply) ? reply.toString() : undefined
  }

  async #read({ partition, dead }: PartitionKeys, start: string, limit: number): Promise<readonly DeadLetter[]> {
    const call = { script: lettersScript, keys: [dead], args: [start, String(limit)] }
    const reply = (await this.#context.scripts.runOne('letters', () => call, true)) as Reply[][]
    return reply.map(([id, key, body, sequence, tries, problem]) => ({
      id: `${partition}:${String(id)}`,
      key: String(key),
      body: body as Buffer,
      sequence: Number(sequence),
      tries: Number(tries),
      problem: String(problem),
      diedAtMs: Number(String(id).split('-')[0]),
    }))
  }

  #find(given: string): { readonly keys: PartitionKeys; readonly id: string } {
    const [, partition, id] = idPattern.exec(given) ?? []
    const keys = this.#context.partitions[Number(partition)]
    if (keys !== undefined && id !== undefined) return { keys, id }
    throw new UsageError('TIERCEL_INVALID_OPTION', `id: ${show(given)} is no id of a dead letter. Allowed: what list() gives.`)
  }
}
