import { adaptClient } from '../client/adapt.ts'
import type { Client, Reply } from '../client/client.ts'
import { connectUrl } from '../client/connect.ts'
import { isUnknownScript, type Script, type ScriptCall, scriptCommand } from '../client/script.ts'
import { parseServerUrl } from '../client/server-url.ts'
import { slotOf } from '../client/slot.ts'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { type Duration, durationMs } from '../kernel/duration.ts'
import { ServerError } from '../kernel/errors.ts'
import { checkOptionNames } from '../kernel/options.ts'
import { KeyWatches } from './key-watches.ts'
import { Link } from './link.ts'
import { ReadBatcher, type ReadSettlement } from './read-batch.ts'
import { deleteUnlessFenced, overwriteValue, putUnlessFenced, swapOver } from './scripts.ts'
import type { PutOutcome, Reader, Store, StoreEntry, Swap, Watch } from './store.ts'

export interface ValkeyStoreOptions {
  /** What one step on the server may take before the cache goes on without it. 1 ms to 10 years. Default: 50 ms. */
  readonly timeout?: Duration
  /** What the first calls may wait for the first link, together and once. Default: 500 ms. */
  readonly connectTimeout?: Duration
  readonly clock?: Clock
}

/**
 * A store on Valkey or Redis, standalone, behind Sentinel, or a cluster.
 *
 * @param source a live client of `@redis/client`, `redis`, `ioredis` or `iovalkey` that stays yours (it is not closed), a `Client` of
 *   `tiercel/client`, or a URL: then the installed client package is loaded and its link is closed with the store.
 * @throws {TIERCEL_CLIENT_UNKNOWN} {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} at once;
 *   {TIERCEL_CLIENT_MISSING} from the first calls, when a URL is given and no client package is installed
 * @remarks Costs: reads of one turn of the event loop leave as MGETs of at most 50 keys, on a cluster as one per slot, all in flight
 *   together. A key that holds another type than bytes reads as missing.
 */
export function valkeyStore(source: Client | object | string | URL, options: ValkeyStoreOptions = {}): Store {
  checkOptionNames(options, ['timeout', 'connectTimeout', 'clock'], 'valkeyStore')
  const link = new Link(connector(source), {
    timeoutMs: durationMs(options.timeout ?? 50, 'timeout'),
    connectTimeoutMs: durationMs(options.connectTimeout ?? 500, 'connectTimeout'),
    clock: options.clock ?? systemClock,
  })
  return new ValkeyStore(link)
}

function connector(source: Client | object | string | URL): () => Promise<Client> {
  if (typeof source === 'string' || source instanceof URL) {
    parseServerUrl(source)
    return () => connectUrl(source)
  }
  const client = adaptClient(source)
  return async () => client
}

const maxScriptsPerBatch = 1_000
/** One call of a script keeps all others waiting. */
const maxKeysPerScript = 100
/**
 * More keys in one MGET save nothing more, and client and server would wait for each other by turns: with two smaller ones under way, one
 * side works on the first while the other has the second. Nobody else on the server waits long for one of 50 either.
 */
const maxKeysPerRead = 50

class ValkeyStore implements Store {
  readonly specVersion = 1
  readonly name = 'valkey'
  readonly #link: Link
  readonly #reads: ReadBatcher
  readonly #watches: KeyWatches
  /** Scripts that a server has been given the text of. */
  readonly #sentScripts: Set<Script> = new Set()
  /** Whether the server compares by itself (`SET … IFEQ`); unknown until it was tried. */
  #canCompare: boolean | undefined

  constructor(link: Link) {
    this.#link = link
    this.#watches = new KeyWatches(async () => this.#link.client ?? (await this.#link.open()))
    this.#reads = new ReadBatcher((keys, settlement) => this.#sendReads(keys, settlement), maxKeysPerRead)
  }

  nowMs(): number {
    return this.#link.nowMs()
  }

  ready(): Promise<void> {
    return this.#link.ready()
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.#reads.get(key)
  }

  read(key: string, reader: Reader): void {
    this.#reads.read(key, reader)
  }

  getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    return Promise.all(keys.map((key) => this.#reads.get(key)))
  }

  async claim(entry: StoreEntry): Promise<Buffer | undefined> {
    this.#reads.flush()
    const words = ['SET', entry.key, entry.value, 'NX', 'GET', 'PX', String(entry.ttlMs)]
    const reply = await this.#link.send({ words, key: entry.key }, 'claim')
    return Buffer.isBuffer(reply) ? reply : undefined
  }

  async swap(swap: Swap): Promise<boolean> {
    this.#reads.flush()
    if (swap.isWhole && swap.value !== undefined && this.#canCompare !== false) {
      const isDone = await this.#compareAndSet(swap.key, swap.expected, swap.value, swap.ttlMs)
      if (isDone !== undefined) return isDone
    }
    const [reply] = await this.#runScripts([swap], 'swap', ({ key, expected, value, ttlMs }) => ({
      script: swapOver,
      keys: [key],
      args: [expected, value ?? '', String(ttlMs)],
    }))
    return reply === 1
  }

  /** In one command; `undefined` where the server does not have it. An error in the syntax says that nothing was executed. */
  async #compareAndSet(key: string, expected: Buffer, value: Buffer, ttlMs: number): Promise<boolean | undefined> {
    try {
      const words = ['SET', key, value, 'IFEQ', expected, 'PX', String(ttlMs)]
      const reply = await this.#link.send({ words, key }, 'swap')
      this.#canCompare = true
      return reply !== null
    } catch (error) {
      if (!(error instanceof ServerError)) throw error
      if (error.reply === 'WRONGTYPE') return false
      if (!/syntax/i.test(error.message)) throw error
      this.#canCompare = false
      return undefined
    }
  }

  async setMany(entries: readonly StoreEntry[]): Promise<readonly PutOutcome[]> {
    this.#reads.flush()
    const replies = await this.#runScripts(entries, 'set', ({ key, value, ttlMs }, notAfterMs) => ({
      script: putUnlessFenced,
      keys: [key],
      args: [value, String(ttlMs), String(notAfterMs)],
    }))
    if (replies.includes(-1)) throw this.#link.lateError('set')
    return replies.map((reply) => (reply === 1 ? 'stored' : 'fenced'))
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    this.#reads.flush()
    const client = this.#link.client ?? (await this.#link.open())
    const groups = groupKeys(keys, client.topology, maxKeysPerScript)
    await this.#runScripts(groups, 'delete', (group) => ({ script: deleteUnlessFenced, keys: group, args: [] }))
  }

  async overwrite(key: string, offset: number, bytes: Buffer): Promise<boolean> {
    this.#reads.flush()
    const [reply] = await this.#runScripts([key], 'expire', () => ({ script: overwriteValue, keys: [key], args: [String(offset), bytes] }))
    return reply === 1
  }

  watch(key: string, onChange: () => void): Watch {
    return this.#watches.watch(key, onChange)
  }

  async close(): Promise<void> {
    this.#reads.flush()
    await this.#watches.close()
    await this.#link.close()
  }

  /**
   * The first call of a script brings its text, so that it takes its place among the commands around it; later ones its hash. A server that
   * forgot it says so and has executed nothing.
   *
   * @param toCall told the last instant, of the server's clock, at which its batch may still be waited for
   */
  async #runScripts<T>(
    items: readonly T[],
    operation: string,
    toCall: (item: T, notAfterMs: number) => ScriptCall,
  ): Promise<readonly Reply[]> {
    const replies: Reply[] = []
    for (let from = 0; from < items.length; from += maxScriptsPerBatch) {
      const batch = items.slice(from, from + maxScriptsPerBatch)
      const notAfterMs = this.#link.notAfterMs(batch.length)
      replies.push(
        ...(await this.#runBatch(
          batch.map((item) => toCall(item, notAfterMs)),
          operation,
        )),
      )
    }
    return replies
  }

  async #runBatch(calls: readonly ScriptCall[], operation: string): Promise<readonly Reply[]> {
    const replies = await this.#link.batch(
      calls.map((call) => {
        const isKnown = this.#sentScripts.has(call.script)
        this.#sentScripts.add(call.script)
        return scriptCommand(call, isKnown ? 'EVALSHA' : 'EVAL')
      }),
      operation,
    )
    const unknown = calls.filter((_, at) => isUnknownScript(replies[at]))
    const again =
      unknown.length === 0
        ? []
        : await this.#link.batch(
            unknown.map((call) => scriptCommand(call, 'EVAL')),
            operation,
          )
    return replies.map((first) => {
      const reply = isUnknownScript(first) ? (again.shift() as Reply) : first
      if (reply instanceof Error) throw reply
      return reply
    })
  }

  async #sendReads(keys: string[], settlement: ReadSettlement): Promise<void> {
    try {
      const client = this.#link.client ?? (await this.#link.open())
      if (client.topology === 'standalone') settlement.resolve(await this.#readGroup(keys))
      else await this.#readBySlot(keys, settlement)
    } catch (error) {
      settlement.reject(error)
    }
  }

  async #readBySlot(keys: readonly string[], settlement: ReadSettlement): Promise<void> {
    const groups = groupKeys(keys, 'cluster', maxKeysPerRead)
    const replies = await Promise.all(groups.map((group) => this.#readGroup(group)))
    const found = new Map<string, unknown>()
    groups.forEach((group, at) => {
      group.forEach((key, index) => {
        found.set(key, replies[at]?.[index])
      })
    })
    settlement.resolve(keys.map((key) => found.get(key)))
  }

  async #readGroup(keys: readonly string[]): Promise<readonly unknown[]> {
    const reply = await this.#link.send({ words: ['MGET', ...keys], key: keys[0] as string, readOnly: true }, 'read')
    if (Array.isArray(reply)) return reply
    throw new ServerError('MGET was not answered with an array')
  }
}

/** Keys that one command may name together: those of a slot on a cluster, any else. */
function groupKeys(keys: readonly string[], topology: Client['topology'], maxKeys: number): readonly (readonly string[])[] {
  const groups: string[][] = []
  const open = new Map<number, string[]>()
  for (const key of keys) {
    const slot = topology === 'cluster' ? slotOf(key) : 0
    let group = open.get(slot)
    if (group === undefined || group.length === maxKeys) {
      group = []
      open.set(slot, group)
      groups.push(group)
    }
    group.push(key)
  }
  return groups
}
