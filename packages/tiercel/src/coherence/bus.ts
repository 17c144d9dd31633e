import { randomBytes } from 'node:crypto'
import type { Client, Subscription } from '../client/client.ts'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { type Duration, durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames } from '../kernel/options.ts'
import { type BusMessage, decodeMessage, encodeHeartbeat, encodeInvalidation, maxNameBytes, senderBytes } from './bus-message.ts'
import { Sequences } from './sequence.ts'

/**
 * Tells other processes over pub/sub what has changed, where the server's own tracking is not allowed. Names travel, values never.
 *
 * Pub/sub delivers at most once and says nothing of what it lost. So every invalidation of a sender is numbered, and a number that is missing is a
 * gap; a sender that goes quiet says a few times what its last number was. And every process sends itself a heartbeat, on a channel of its own: it
 * proves the way to the server and back, by the time at which it was **sent**.
 *
 * Two channels have to be allowed: the given one, and that with `:` and the sender's id behind it.
 */
export interface Bus {
  /** This process on the bus. */
  readonly sender: string
  /** When the last heartbeat that came back was sent, on the monotonic clock: everything that was published before has come in. */
  readonly provenAtMs: number
  readonly stats: Readonly<BusStats>
  /**
   * Tells the others. Costs one round trip, more where there are many names.
   * @throws {TIERCEL_STORE_UNAVAILABLE} it may not have been told. The others notice: its number will be missing
   */
  publish(names: BusNames): Promise<void>
  /** May be called twice. */
  close(): Promise<void>
}

export interface BusNames {
  readonly keys?: readonly string[]
  readonly tags?: readonly string[]
}

export interface BusListener {
  /** Others have changed these. */
  onInvalidate(keys: readonly string[], tags: readonly string[]): void
  /** Something may have been missed: what was known before is not to be trusted. */
  onGap(reason: BusGap): void
}

/**
 * `missed`: a number is missing. `unreadable`: a later version told something. `down`, `up`: the link was lost, and is back.
 * `silent`: the own heartbeat does not come back.
 */
export type BusGap = 'missed' | 'unreadable' | 'down' | 'up' | 'silent'

export interface BusStats {
  /** Invalidations by others. */
  received: number
  /** Messages of this process that came back. */
  own: number
  gaps: number
  /** Bytes on the channel that are no message, or a broken one. */
  malformed: number
  unreadable: number
}

export interface BusOptions {
  /** How often the own link is proven. 10 ms to 1 min; default 333 ms. Silent is who hears nothing for three times as long. */
  readonly heartbeat?: Duration
  readonly clock?: Clock
}

/**
 * @param channel of all processes that share a cache; on a cluster it also decides through which node all messages go, so that they keep their order
 * @throws {TIERCEL_STORE_UNAVAILABLE}; {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION} {TIERCEL_INVALID_DURATION}
 */
export async function createBus(client: Client, channel: string, listener: BusListener, options: BusOptions = {}): Promise<Bus> {
  checkOptionNames(options, ['heartbeat', 'clock'], 'createBus')
  const heartbeatMs = durationMs(options.heartbeat ?? 333, 'heartbeat', 60_000)
  if (heartbeatMs < 10)
    throw new UsageError('TIERCEL_INVALID_OPTION', `heartbeat: ${heartbeatMs} ms is not allowed. Allowed: 10 ms to 1 min.`)
  const bus = new PubSubBus(client, channel, listener, { heartbeatMs, clock: options.clock ?? systemClock })
  await bus.open()
  return bus
}

const silentBeats = 3
const longestQuietBeats = 32
const forgetAfterBeats = 1000
const namesPerMessage = 500

class PubSubBus implements Bus {
  readonly sender: string
  readonly stats: BusStats = { received: 0, own: 0, gaps: 0, malformed: 0, unreadable: 0 }
  readonly #client: Client
  readonly #channel: string
  readonly #ownChannel: string
  readonly #listener: BusListener
  readonly #setup: { readonly heartbeatMs: number; readonly clock: Clock }
  readonly #id = randomBytes(senderBytes)
  readonly #sequences: Sequences
  readonly #sentAtMs = new Map<number, number>()
  #subscription: Subscription | undefined
  #timer: NodeJS.Timeout | undefined
  #sequence = 0
  #beat = 0
  #quietBeats = 0
  #provenAtMs = Number.NEGATIVE_INFINITY
  #heardAtMs = 0
  #isSilent = false
  #isClosed = false

  constructor(client: Client, channel: string, listener: BusListener, setup: { readonly heartbeatMs: number; readonly clock: Clock }) {
    this.sender = this.#id.toString('hex')
    this.#client = client
    this.#channel = channel
    this.#ownChannel = `${channel}:${this.sender}`
    this.#listener = listener
    this.#setup = setup
    this.#sequences = new Sequences(forgetAfterBeats * setup.heartbeatMs)
  }

  get provenAtMs(): number {
    return this.#provenAtMs
  }

  async open(): Promise<void> {
    this.#heardAtMs = this.#setup.clock.monotonicMs()
    this.#subscription = await this.#client.subscribe([this.#channel, this.#ownChannel], {
      onMessage: (channel, bytes) => this.#received(channel, bytes),
      onDown: () => this.#gap('down'),
      onUp: () => this.#gap('up'),
    })
    this.#timer = setInterval(() => this.#tick(), this.#setup.heartbeatMs).unref()
    this.#sendHeartbeat()
    await this.#send(this.#channel, encodeHeartbeat(this.#id, this.#sequence)).catch(() => {})
  }

  async publish({ keys = [], tags = [] }: BusNames): Promise<void> {
    if (this.#isClosed) throw new UsageError('TIERCEL_CLOSED', 'The bus was closed.')
    for (const name of [...keys, ...tags]) checkName(name)
    this.#quietBeats = 0
    const messages = portions(keys, tags).map((names) => encodeInvalidation(this.#id, ++this.#sequence, names))
    await Promise.all(messages.map((message) => this.#send(this.#channel, message)))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#subscription?.close()
  }

  #received(channel: string, bytes: Buffer): void {
    if (this.#isClosed) return
    const message = decodeMessage(bytes)
    if (message === undefined) this.stats.malformed++
    else if (message.sender === this.sender) this.#cameBack(channel, message)
    else if (channel === this.#channel) this.#told(message)
  }

  #cameBack(channel: string, { sequence }: BusMessage): void {
    this.stats.own++
    if (channel !== this.#ownChannel) return
    const sentAtMs = this.#sentAtMs.get(sequence)
    if (sentAtMs === undefined) return
    for (const beat of this.#sentAtMs.keys()) if (beat <= sequence) this.#sentAtMs.delete(beat)
    this.#provenAtMs = sentAtMs
    this.#heardAtMs = this.#setup.clock.monotonicMs()
    this.#isSilent = false
  }

  #told({ kind, sender, sequence, keys, tags, isUnreadable }: BusMessage): void {
    const nowMs = this.#setup.clock.monotonicMs()
    if (kind === 'heartbeat') {
      if (this.#sequences.announced(sender, sequence, nowMs)) this.#gap('missed')
      return
    }
    this.stats.received++
    if (this.#sequences.received(sender, sequence, nowMs)) this.#gap('missed')
    if (isUnreadable) {
      this.stats.unreadable++
      this.#gap('unreadable')
    } else this.#listener.onInvalidate(keys, tags)
  }

  #tick(): void {
    this.#sequences.forget(this.#setup.clock.monotonicMs())
    // A loop that was blocked finds its timers due before it has looked at its sockets.
    if (this.#isOverdue) setImmediate(() => this.#noticeSilence())
    this.#sendHeartbeat()
    this.#quietBeats++
    if (isRemarkable(this.#quietBeats)) this.#send(this.#channel, encodeHeartbeat(this.#id, this.#sequence)).catch(() => {})
  }

  get #isOverdue(): boolean {
    return !this.#isSilent && this.#setup.clock.monotonicMs() - this.#heardAtMs > silentBeats * this.#setup.heartbeatMs
  }

  #noticeSilence(): void {
    if (!this.#isOverdue) return
    this.#isSilent = true
    this.#gap('silent')
  }

  #sendHeartbeat(): void {
    const beat = ++this.#beat
    this.#sentAtMs.set(beat, this.#setup.clock.monotonicMs())
    this.#sentAtMs.delete(beat - longestQuietBeats)
    this.#send(this.#ownChannel, encodeHeartbeat(this.#id, beat)).catch(() => {})
  }

  #send(channel: string, message: Buffer): Promise<unknown> {
    return this.#client.send({ words: ['PUBLISH', channel, message], key: this.#channel })
  }

  #gap(reason: BusGap): void {
    if (this.#isClosed) return
    this.stats.gaps++
    this.#listener.onGap(reason)
  }
}

/** Soon after the last invalidation, then less and less often: what was lost last is noticed without everybody telling everybody all the time. */
function isRemarkable(beats: number): boolean {
  return beats % longestQuietBeats === 0 || (beats & (beats - 1)) === 0
}

function portions(keys: readonly string[], tags: readonly string[]): Required<BusNames>[] {
  const all = [...keys.map((name) => ({ name, isKey: true })), ...tags.map((name) => ({ name, isKey: false }))]
  return Array.from({ length: Math.ceil(all.length / namesPerMessage) }, (_, at) => {
    const part = all.slice(at * namesPerMessage, (at + 1) * namesPerMessage)
    return { keys: part.flatMap(({ name, isKey }) => (isKey ? name : [])), tags: part.flatMap(({ name, isKey }) => (isKey ? [] : name)) }
  })
}

function checkName(name: string): void {
  const bytes = Buffer.byteLength(name)
  if (bytes <= maxNameBytes) return
  throw new UsageError('TIERCEL_INVALID_KEY', `A name on the bus may have ${maxNameBytes} bytes; one has ${bytes}.`)
}
