import { adaptClient } from '../client/adapt.ts'
import type { Client, Command } from '../client/client.ts'
import { connectUrl } from '../client/connect.ts'
import { defineScript, runScript } from '../client/script.ts'
import { parseServerUrl } from '../client/server-url.ts'
import { slotOf } from '../client/slot.ts'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { type Duration, durationMs } from '../kernel/duration.ts'
import { ServerError } from '../kernel/errors.ts'
import { checkOptionNames } from '../kernel/options.ts'
import { Link } from './link.ts'
import { ReadBatcher, type ReadSettlement } from './read-batch.ts'
import type { Store, StoreEntry } from './store.ts'

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

const maxKeysPerCommand = 1_000
/**
 * More keys in one MGET save nothing more, and client and server would wait for each other by turns: with two smaller ones under way, one
 * side works on the first while the other has the second. Nobody else on the server waits long for one of 50 either.
 */
const maxKeysPerRead = 50

/**
 * Stores a value if the key still begins with what was seen.
 *
 * KEYS[1]  the entry
 * ARGV     first bytes that are expected (not empty), new value, its life in ms
 * returns  1 stored, 0 not: something else is there, or nothing, or another type
 */
const swapOver = defineScript({
  name: 'swap-over',
  lua: `
local kind = redis.call('TYPE', KEYS[1])
if kind.ok ~= 'string' then return 0 end
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`,
})

class ValkeyStore implements Store {
  readonly specVersion = 1
  readonly name = 'valkey'
  readonly #link: Link
  readonly #reads: ReadBatcher

  constructor(link: Link) {
    this.#link = link
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

  getMany(keys: readonly string[]): Promise<(Buffer | undefined)[]> {
    return Promise.all(keys.map((key) => this.#reads.get(key)))
  }

  async setMany(entries: readonly StoreEntry[]): Promise<void> {
    this.#reads.flush()
    await this.#run(entries.map(setCommand), 'set')
  }

  async swap(entry: StoreEntry, expected: Buffer): Promise<boolean> {
    this.#reads.flush()
    const life = String(entry.ttlMs)
    if (expected.length === 0) {
      const words = ['SET', entry.key, entry.value, 'NX', 'PX', life]
      return (await this.#link.send({ words, key: entry.key }, 'set')) !== null
    }
    const client = this.#link.client ?? (await this.#link.open())
    return (await this.#link.within(runScript(client, swapOver, [entry.key], [expected, entry.value, life]), 'set')) === 1
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    this.#reads.flush()
    const client = this.#link.client ?? (await this.#link.open())
    const commands = groupKeys(keys, client.topology).map((group) => ({ words: ['UNLINK', ...group], key: group[0] as string }))
    await this.#run(commands, 'delete')
  }

  async close(): Promise<void> {
    this.#reads.flush()
    await this.#link.close()
  }

  async #run(commands: readonly Command[], operation: string): Promise<void> {
    if (commands.length === 1) await this.#link.send(commands[0] as Command, operation)
    for (let from = 0; commands.length > 1 && from < commands.length; from += maxKeysPerCommand) {
      const replies = await this.#link.batch(commands.slice(from, from + maxKeysPerCommand), operation)
      for (const reply of replies) if (reply instanceof Error) throw reply
    }
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
    const groups = groupKeys(keys, 'cluster')
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

function setCommand(entry: StoreEntry): Command {
  return { words: ['SET', entry.key, entry.value, 'PX', String(entry.ttlMs)], key: entry.key }
}

/** Keys that one command may name together: those of a slot on a cluster, any thousand else. */
function groupKeys(keys: readonly string[], topology: Client['topology']): readonly (readonly string[])[] {
  const groups: string[][] = []
  const open = new Map<number, string[]>()
  for (const key of keys) {
    const slot = topology === 'cluster' ? slotOf(key) : 0
    let group = open.get(slot)
    if (group === undefined || group.length === maxKeysPerCommand) {
      group = []
      open.set(slot, group)
      groups.push(group)
    }
    group.push(key)
  }
  return groups
}
