import type { Client, Command, Reply, Tracking, Word } from '../client/client.ts'
import { slotOf } from '../client/slot.ts'
import { newTokens } from '../codecs/tag-token.ts'
import { ServerError } from '../kernel/errors.ts'
import { tokenBytes } from '../kernel/token.ts'
import type { Advice } from '../telemetry/advice.ts'
import { type Admin, createAdmin } from './admin/admin.ts'
import { ageTagsScript, fenceScript, snapScript } from './fence-scripts.ts'
import type { BreakerChange, StoreHealth } from './gates.ts'
import { Link } from './link.ts'
import { ReadBatcher, type ReadSettlement } from './read-batch.ts'
import { ScriptRunner } from './script-runner.ts'
import { overwriteValue, putUnlessFenced, swapOver } from './scripts.ts'
import {
  type Feed,
  type FeedListener,
  type FenceOutcome,
  type FenceStep,
  type FollowOptions,
  headBytes,
  type Messages,
  type PutOutcome,
  type Reader,
  type Snap,
  type Snapshot,
  type Store,
  type StoreEntry,
  type Swap,
} from './store.ts'
import { checkValkeyOptions, type ValkeyStoreOptions } from './valkey-options.ts'

/**
 * A store on Valkey or Redis, standalone, behind Sentinel, or a cluster.
 *
 * @param source a live client of `@redis/client`, `redis`, `ioredis`, `iovalkey` or `@valkey/valkey-glide` that stays yours (it is not
 *   closed), a `Client` of `tiercel/client`, or a URL: then the installed client package is loaded and its link is closed with the store.
 * @throws {TIERCEL_CLIENT_UNKNOWN} {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION} {TIERCEL_UNSUPPORTED} at once;
 *   {TIERCEL_CLIENT_MISSING} from the first calls, when a URL is given and no client package is installed
 * @remarks Costs: reads of one turn of the event loop leave as MGETs of at most 50 keys, on a cluster as one per slot, all in flight
 *   together. A key that holds another type than bytes reads as missing.
 */
export function valkeyStore(source: Client | object | string | URL, options: ValkeyStoreOptions = {}): Store {
  const [{ connect, readLagMs }, linkOptions] = checkValkeyOptions(source, options)
  return new ValkeyStore(new Link(connect, linkOptions), readLagMs)
}

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
  readonly messages: Messages
  readonly #link: Link
  readonly readLagMs: number
  readonly budgetMs: number
  readonly #reads: ReadBatcher
  readonly #lateReads: ReadBatcher
  readonly #heads: ReadBatcher
  readonly #scripts: ScriptRunner
  /** Whether the server compares by itself (`SET … IFEQ`); unknown until it was tried. */
  #canCompare: boolean | undefined
  /** Whether the server watches only what it is told to. */
  #marksReads = false

  constructor(link: Link, readLagMs: number) {
    this.#link = link
    this.readLagMs = readLagMs
    this.budgetMs = link.timeoutMs
    this.messages = {
      publish: async (channel, message, route) => void (await link.send({ words: ['PUBLISH', channel, message], key: route }, 'publish')),
      subscribe: async (channels, listener) => (link.client ?? (await link.open())).subscribe(channels, listener),
    }
    this.#scripts = new ScriptRunner(link)
    this.#reads = new ReadBatcher((keys, settlement) => this.#sendReads(keys, settlement, false), maxKeysPerRead)
    this.#lateReads =
      readLagMs === 0 ? this.#reads : new ReadBatcher((keys, settlement) => this.#sendReads(keys, settlement, true), maxKeysPerRead)
    this.#heads = new ReadBatcher((keys, settlement) => this.#sendHeads(keys, settlement), maxKeysPerRead)
  }

  nowMs(): number {
    return this.#link.nowMs()
  }

  ready(): Promise<void> {
    return this.#link.ready()
  }

  get(key: string, mayLag = false): Promise<Buffer | undefined> {
    return (mayLag ? this.#lateReads : this.#reads).get(key)
  }

  read(key: string, reader: Reader, mayLag = false): void {
    ;(mayLag ? this.#lateReads : this.#reads).read(key, reader)
  }

  getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    return Promise.all(keys.map((key) => this.#reads.get(key)))
  }

  getHead(key: string): Promise<Buffer | undefined> {
    return this.#heads.get(key)
  }

  async claim(entry: StoreEntry): Promise<Buffer | undefined> {
    this.#flush()
    const words = ['SET', entry.key, entry.value, 'NX', 'GET', 'PX', String(entry.ttlMs)]
    const reply = await this.#link.send({ words, key: entry.key }, 'claim')
    return Buffer.isBuffer(reply) ? reply : undefined
  }

  async swap(swap: Swap): Promise<boolean> {
    this.#flush()
    if (swap.isWhole && swap.value !== undefined && this.#canCompare !== false) {
      const isDone = await this.#compareAndSet(swap.key, swap.expected, swap.value, swap.ttlMs)
      if (isDone !== undefined) return isDone
    }
    const [reply] = await this.#scripts.run([swap], 'swap', ({ key, expected, value, ttlMs }) => ({
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
    this.#flush()
    const replies = await this.#scripts.run(entries, 'set', ({ key, value, ttlMs }, notAfterMs) => ({
      script: putUnlessFenced,
      keys: [key],
      args: [value, String(ttlMs), String(notAfterMs)],
    }))
    if (replies.includes(-1)) throw this.#link.lateError('set')
    return replies.map((reply) => (reply === 1 ? 'stored' : 'fenced'))
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    await this.fence({ keys, op: 'close', forMs: 0, ttlMs: 1 })
  }

  async fence(step: FenceStep): Promise<readonly FenceOutcome[]> {
    this.#flush()
    const client = this.#link.client ?? (await this.#link.open())
    const { op, owner, forMs, value, ttlMs, counter } = step
    const isTag = counter !== undefined
    const groups = groupKeys(step.keys, isTag ? 'standalone' : client.topology, maxKeysPerScript)
    const args = [op, owner ?? '', String(forMs), value ?? '', String(ttlMs), isTag ? '1' : '0']
    const replies = await this.#scripts.run(groups, op === 'close' ? 'delete' : 'open', (group) => ({
      script: fenceScript,
      keys: isTag ? [...group, counter] : group,
      args,
    }))
    const outcomes = new Map<string, FenceOutcome>()
    groups.forEach((group, at) => {
      const codes = replies[at] as number[]
      group.forEach((key, index) => {
        outcomes.set(key, fenceOutcomes[codes[index] as number] as FenceOutcome)
      })
    })
    return step.keys.map((key) => outcomes.get(key) as FenceOutcome)
  }

  async snap({ counter, tags }: Snap): Promise<Snapshot> {
    this.#flush()
    const keys = [counter, ...tags.map(({ key }) => key)]
    const args = tags.flatMap(({ lifeMs }) => [lifeMs === undefined ? '' : String(lifeMs), newTokens()])
    const call = { script: snapScript, keys, args, tracked: this.#marksReads }
    const [reply] = await this.#scripts.run([keys], 'snap', () => call, true)
    const [number, ...contents] = reply as Buffer[]
    return { number: Number(number), tags: contents.map((content) => (content.length === 1 ? 'fenced' : content)) }
  }

  async ageTags(keys: readonly string[], counter: string): Promise<void> {
    this.#flush()
    const args = keys.map(() => newTokens().subarray(0, tokenBytes))
    await this.#scripts.run([keys], 'expire', () => ({ script: ageTagsScript, keys: [...keys, counter], args }))
  }

  async overwrite(key: string, offset: number, bytes: Buffer): Promise<boolean> {
    this.#flush()
    const [reply] = await this.#scripts.run([key], 'expire', () => ({ script: overwriteValue, keys: [key], args: [String(offset), bytes] }))
    return reply === 1
  }

  async leftMs(key: string): Promise<number | undefined> {
    const reply = Number(await this.#link.send({ words: ['PTTL', key], key }, 'read', true))
    return reply === -2 ? undefined : reply === -1 ? Number.POSITIVE_INFINITY : reply
  }

  admin(prefix: string, onDeleted: (keys: readonly string[]) => void): Admin {
    return createAdmin({ client: () => this.#link.open(), prefix, onDeleted })
  }

  async follow(options: FollowOptions, listener: FeedListener): Promise<Feed> {
    const client = this.#link.client ?? (await this.#link.open())
    if (options.mode === 'optin') this.#marksReads = true
    const tracking = await client.track(options, {
      onInvalidate: (keys) => listener.onChange(keys),
      onDown: () => listener.onDown(),
      onUp: () => listener.onUp(),
    })
    return new TrackingFeed(tracking)
  }

  onLink(listener: () => void): () => void {
    return this.#link.onUsable(listener)
  }

  onBreaker(listener: (change: BreakerChange) => void): () => void {
    return this.#link.onBreaker(listener)
  }

  onAdvice(listener: (advice: readonly Advice[]) => void): () => void {
    return this.#link.onAdvice(listener)
  }

  health(): StoreHealth {
    return this.#link.health()
  }

  get linkEpoch(): number {
    return this.#link.epoch
  }

  async close(): Promise<void> {
    this.#flush()
    await this.#link.close()
  }

  #flush(): void {
    this.#reads.flush()
    this.#lateReads.flush()
    this.#heads.flush()
  }

  async #sendReads(keys: string[], settlement: ReadSettlement, mayLag: boolean): Promise<void> {
    try {
      const client = this.#link.client ?? (await this.#link.open())
      if (client.topology === 'standalone') settlement.resolve(await this.#readGroup(keys, mayLag))
      else await this.#readBySlot(keys, settlement, mayLag)
    } catch (error) {
      settlement.reject(error)
    }
  }

  async #sendHeads(keys: readonly string[], settlement: ReadSettlement): Promise<void> {
    try {
      const commands = keys.map((key) => this.#readCommand(['GETRANGE', key, '0', String(headBytes - 1)], key, false))
      settlement.resolve((await this.#link.batch(commands, 'read', true)).map(headOf))
    } catch (error) {
      settlement.reject(error)
    }
  }

  async #readBySlot(keys: readonly string[], settlement: ReadSettlement, mayLag: boolean): Promise<void> {
    const groups = groupKeys(keys, 'cluster', maxKeysPerRead)
    const found = new Map<string, unknown>()
    const readGroup = async (group: readonly string[]): Promise<void> => {
      // A node that fails fails its own keys.
      const reply = await this.#readGroup(group, mayLag).catch((error: Error) => group.map(() => error))
      group.forEach((key, index) => {
        found.set(key, reply[index])
      })
    }
    await Promise.all(groups.map(readGroup))
    settlement.resolve(keys.map((key) => found.get(key)))
  }

  async #readGroup(keys: readonly string[], mayLag: boolean): Promise<readonly unknown[]> {
    const reply = await this.#link.send(this.#readCommand(['MGET', ...keys], keys[0] as string, mayLag), 'read', true)
    if (Array.isArray(reply)) return reply
    throw new ServerError('MGET was not answered with an array')
  }

  #readCommand(words: readonly Word[], key: string, mayLag: boolean): Command {
    return { words, key, readOnly: mayLag, tracked: this.#marksReads }
  }
}

const fenceOutcomes: readonly FenceOutcome[] = ['fenced', 'empty', 'stored']

/** An empty one is none: no content of a key is. A key of another type reads as missing. */
function headOf(reply: Reply | Error): Buffer | undefined {
  if (reply instanceof Error && !(reply instanceof ServerError && reply.reply === 'WRONGTYPE')) throw reply
  return Buffer.isBuffer(reply) && reply.length > 0 ? reply : undefined
}

class TrackingFeed implements Feed {
  readonly isLocal = false
  readonly #tracking: Tracking

  constructor(tracking: Tracking) {
    this.#tracking = tracking
  }

  prove(): Promise<void> {
    return this.#tracking.ping()
  }

  close(): Promise<void> {
    return this.#tracking.close()
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
