import { randomBytes } from 'node:crypto'
import { type Clock, startTimer, systemClock, type Timer } from '../kernel/clock.ts'
import { type Duration, durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames } from '../kernel/options.ts'
import type { MessageSubscription, Messages } from '../stores/store.ts'
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
  /**
   * A heartbeat out of turn; resolves when it has come back. Never, when it is lost.
   * @throws {TIERCEL_STORE_UNAVAILABLE} it could not be sent
   */
  prove(): Promise<void>
  /** Listens no more, and may still publish. */
  leave(): Promise<void>
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
export async function createBus(messages: Messages, channel: string, listener: BusListener, options: BusOptions = {}): Promise<Bus> {
  checkOptionNames(options, ['heartbeat', 'clock'], 'createBus')
  const heartbeatMs = durationMs(options.heartbeat ?? 333, 'heartbeat', 60_000)
  if (heartbeatMs < 10)
    throw new UsageError('TIERCEL_INVALID_OPTION', `heartbeat: ${heartbeatMs} ms is not allowed. Allowed: 10 ms to 1 min.`)
  const clock = options.clock ?? systemClock
  return openBus(new BusSender(messages, channel, heartbeatMs, clock), listener, clock)
}

/** As `createBus`, with a sender that publishes already, and that ends with the bus. */
export async function openBus(sender: BusSender, listener: BusListener, clock: Clock): Promise<Bus> {
  const bus = new PubSubBus(sender, listener, clock)
  await bus.open()
  return bus
}

const silentBeats = 3
const longestQuietBeats = 32
const forgetAfterBeats = 1000
const namesPerMessage = 500

/**
 * The half of the bus that tells: needs no subscription. Its numbers begin with the first invalidation, and go on whoever listens here.
 */
export class BusSender {
  readonly id: Buffer = randomBytes(senderBytes)
  readonly messages: Messages
  readonly channel: string
  readonly heartbeatMs: number
  readonly #clock: Clock
  #timer: Timer | undefined
  #sequence = 0
  #quietBeats = 0
  #isClosed = false

  constructor(messages: Messages, channel: string, heartbeatMs: number, clock: Clock) {
    this.messages = messages
    this.channel = channel
    this.heartbeatMs = heartbeatMs
    this.#clock = clock
  }

  /** As `Bus.publish`. */
  async publish({ keys = [], tags = [] }: BusNames): Promise<void> {
    if (this.#isClosed) throw new UsageError('TIERCEL_CLOSED', 'The bus was closed.')
    for (const name of [...keys, ...tags]) checkName(name)
    this.start()
    this.#quietBeats = 0
    const messages = portions(keys, tags).map((names) => encodeInvalidation(this.id, ++this.#sequence, names))
    await Promise.all(messages.map((message) => this.send(this.channel, message)))
  }

  /** From now on it says now and then what its last number was. */
  start(): void {
    if (this.#timer === undefined) this.#planTick()
  }

  /** Says now what its last number was. */
  async announce(): Promise<void> {
    await this.send(this.channel, encodeHeartbeat(this.id, this.#sequence)).catch(() => {})
  }

  /** All messages of a bus go through the same node. */
  send(channel: string, message: Buffer): Promise<void> {
    return this.messages.publish(channel, message, this.channel)
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
  }

  #planTick(): void {
    if (!this.#isClosed) this.#timer = startTimer(this.#clock, this.heartbeatMs, () => this.#tick())
  }

  #tick(): void {
    this.#planTick()
    this.#quietBeats++
    if (isRemarkable(this.#quietBeats)) void this.announce()
  }
}

class PubSubBus implements Bus {
  readonly sender: string
  readonly stats: BusStats = { received: 0, own: 0, gaps: 0, malformed: 0, unreadable: 0 }
  readonly #sender: BusSender
  readonly #ownChannel: string
  readonly #listener: BusListener
  readonly #clock: Clock
  readonly #sequences: Sequences
  readonly #sentAtMs = new Map<number, number>()
  /** Those who wait for a heartbeat to come back. */
  readonly #waiting = new Map<number, () => void>()
  #subscription: MessageSubscription | undefined
  #timer: Timer | undefined
  #beat = 0
  #provenAtMs = Number.NEGATIVE_INFINITY
  #heardAtMs = 0
  #isSilent = false
  #isClosed = false

  constructor(sender: BusSender, listener: BusListener, clock: Clock) {
    this.sender = sender.id.toString('hex')
    this.#sender = sender
    this.#ownChannel = `${sender.channel}:${this.sender}`
    this.#listener = listener
    this.#clock = clock
    this.#sequences = new Sequences(forgetAfterBeats * sender.heartbeatMs)
  }

  get provenAtMs(): number {
    return this.#provenAtMs
  }

  async open(): Promise<void> {
    const { messages, channel } = this.#sender
    this.#heardAtMs = this.#clock.monotonicMs()
    this.#subscription = await messages.subscribe([channel, this.#ownChannel], {
      onMessage: (channel, bytes) => this.#received(channel, bytes),
      onDown: () => this.#gap('down'),
      onUp: () => this.#gap('up'),
    })
    this.#planTick()
    this.#sendHeartbeat().catch(() => {})
    this.#sender.start()
    await this.#sender.announce()
  }

  publish(names: BusNames): Promise<void> {
    return this.#sender.publish(names)
  }

  async prove(): Promise<void> {
    const beat = this.#beat + 1
    const isBack = new Promise<void>((resolve) => this.#waiting.set(beat, resolve))
    try {
      await this.#sendHeartbeat()
    } catch (error) {
      this.#waiting.delete(beat)
      throw error
    }
    return isBack
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#sender.close()
    await this.leave()
  }

  async leave(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#waiting.clear()
    await this.#subscription?.close()
  }

  #received(channel: string, bytes: Buffer): void {
    if (this.#isClosed) return
    const message = decodeMessage(bytes)
    if (message === undefined) this.stats.malformed++
    else if (message.sender === this.sender) this.#cameBack(channel, message)
    else if (channel === this.#sender.channel) this.#told(message)
  }

  #cameBack(channel: string, { sequence }: BusMessage): void {
    this.stats.own++
    if (channel !== this.#ownChannel) return
    const sentAtMs = this.#sentAtMs.get(sequence)
    if (sentAtMs === undefined) return
    for (const beat of this.#sentAtMs.keys()) if (beat <= sequence) this.#sentAtMs.delete(beat)
    this.#provenAtMs = sentAtMs
    this.#heardAtMs = this.#clock.monotonicMs()
    this.#isSilent = false
    for (const [beat, tell] of this.#waiting) {
      if (beat > sequence) continue
      this.#waiting.delete(beat)
      tell()
    }
  }

  #told({ kind, sender, sequence, keys, tags, isUnreadable }: BusMessage): void {
    const nowMs = this.#clock.monotonicMs()
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

  #planTick(): void {
    if (!this.#isClosed) this.#timer = startTimer(this.#clock, this.#sender.heartbeatMs, () => this.#tick())
  }

  #tick(): void {
    this.#planTick()
    this.#sequences.forget(this.#clock.monotonicMs())
    // A loop that was blocked finds its timers due before it has looked at its sockets.
    if (this.#isOverdue) setImmediate(() => this.#noticeSilence())
    this.#sendHeartbeat().catch(() => {})
  }

  get #isOverdue(): boolean {
    return !this.#isSilent && this.#clock.monotonicMs() - this.#heardAtMs > silentBeats * this.#sender.heartbeatMs
  }

  #noticeSilence(): void {
    if (!this.#isOverdue) return
    this.#isSilent = true
    this.#gap('silent')
  }

  #sendHeartbeat(): Promise<void> {
    const beat = ++this.#beat
    this.#sentAtMs.set(beat, this.#clock.monotonicMs())
    this.#sentAtMs.delete(beat - longestQuietBeats)
    return this.#sender.send(this.#ownChannel, encodeHeartbeat(this.#sender.id, beat))
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
