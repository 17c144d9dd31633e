import { ServerError, UsageError } from '../kernel/errors.ts'
import type { Command, Reply, TrackingOptions } from './client.ts'
import type { Link, Receiver, Tracker, TrackerEvents } from './link.ts'
import { unavailable } from './unavailable.ts'
import { aMoment } from './when-ready.ts'

export interface PairOptions {
  readonly clientName: string
  readonly mode: NonNullable<TrackingOptions['mode']>
  readonly noLoop: boolean
  readonly prefixes: readonly string[]
  readonly topology: 'standalone' | 'cluster'
}

/**
 * Tracks the connection that commands go out on, and has what it is told pushed to a connection beside it: for the modes that remember who
 * read a key, and for `NOLOOP`, which knows who wrote it. `CLIENT TRACKING … REDIRECT` works under RESP2 and RESP3 alike, so one mechanism serves
 * all clients: https://valkey.io/topics/client-side-caching/
 *
 * It ends when either connection is lost, or when its heartbeat finds that the server does not redirect any more.
 *
 * @param options the same object each time for one tracking: a connection can be tracked for one at a time
 */
export async function openPair(link: Link, options: PairOptions, events: TrackerEvents): Promise<Tracker> {
  refuseTaken(link, options)
  const pair = new Pair(link, options, events)
  await pair.open()
  return pair
}

class Pair implements Tracker {
  readonly #link: Link
  readonly #options: PairOptions
  readonly #events: TrackerEvents
  #receiver: Receiver | undefined
  #stopListening = (): void => {}
  #mark: Link['life']['pair']
  #slots = ''
  #hasEnded = false

  constructor(link: Link, options: PairOptions, events: TrackerEvents) {
    this.#link = link
    this.#options = options
    this.#events = events
  }

  async open(): Promise<void> {
    await this.#link.ready(aMoment())
    try {
      this.#receiver = await this.#link.openReceiver({
        onInvalidate: (keys) => {
          if (!this.#hasEnded) this.#events.onInvalidate(keys)
        },
        onEnd: () => this.#end(),
      })
      this.#stopListening = this.#link.life.onLost(() => this.#end())
      await this.#turnOn(this.#receiver.id)
      this.#slots = await this.#ownSlots()
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Both connections answer, and the one still redirects to the other. */
  async ping(): Promise<void> {
    const receiver = this.#receiver as Receiver
    const [info, slots] = await Promise.all([this.#link.send(['CLIENT', 'TRACKINGINFO']), this.#ownSlots(), receiver.ping()])
    if (!redirects(info, receiver.id)) this.#end()
    if (this.#hasEnded) throw this.#away()
    if (slots === this.#slots) return
    this.#slots = slots
    this.#events.onInvalidate(null)
  }

  close(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#stopListening()
    this.#receiver?.close()
    this.#turnOff()
  }

  /** What an earlier pair has left is turned off first: prefixes cannot be given twice. */
  async #turnOn(id: string): Promise<void> {
    const { life } = this.#link
    const redirection = await this.#link.send(['CLIENT', 'GETREDIR'])
    refuseTaken(this.#link, this.#options)
    if (redirection !== -1 && life.pair === undefined) throw taken(this.#options)
    this.#mark = { owner: this.#options, isOptIn: this.#options.mode === 'optin' }
    life.pair = this.#mark
    const off = this.#link.send(['CLIENT', 'TRACKING', 'OFF'])
    const on = this.#link.send(['CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, ...modeWords(this.#options)])
    await Promise.all([off, on])
    if (this.#hasEnded) throw this.#away()
  }

  /** Unless another pair has taken the link over meanwhile. */
  #turnOff(): void {
    const { life } = this.#link
    if (this.#mark === undefined || life.pair !== this.#mark) return
    life.pair = undefined
    this.#link.send(['CLIENT', 'TRACKING', 'OFF']).catch(() => {})
  }

  #end(): void {
    if (this.#hasEnded) return
    this.close()
    this.#events.onEnd()
  }

  /**
   * The slots that this primary says are its own. In the modes that remember readers nobody pushes for a slot that has gone: the new
   * owner does not know who read it from the old one.
   */
  async #ownSlots(): Promise<string> {
    if (this.#options.topology === 'standalone' || this.#options.mode === 'broadcast') return ''
    const lines = String(await this.#link.send(['CLUSTER', 'NODES'])).split('\n')
    const fields = lines.map((line) => line.split(' ')).find(([, , flags]) => flags?.startsWith('myself'))
    return [fields?.[2], ...(fields?.slice(8) ?? [])].join(' ')
  }

  #away(): Error {
    return unavailable(this.#options.clientName, 'opening a lost tracking link again')
  }
}

/**
 * Sends a command; one that is to be watched goes right behind the announcement that `OPTIN` asks for. Nothing comes between: both leave in the same turn.
 */
export function sendOn(link: Link, command: Command): Promise<Reply> {
  if (command.tracked && link.life.pair?.isOptIn) link.send(['CLIENT', 'CACHING', 'YES']).catch(() => {})
  return link.send(command.words)
}

function modeWords({ mode, noLoop, prefixes }: PairOptions): string[] {
  const words = noLoop ? ['NOLOOP'] : []
  if (mode === 'optin') return ['OPTIN', ...words]
  if (mode === 'default') return words
  return ['BCAST', ...prefixes.flatMap((prefix) => ['PREFIX', prefix]), ...words]
}

/** `flags`, a list, and `redirect`, an id, among names and values. */
function redirects(info: Reply, id: string): boolean {
  if (!Array.isArray(info)) throw new ServerError(`CLIENT TRACKINGINFO answered with ${String(info)}`)
  const field = (name: string): Reply | undefined => info[info.findIndex((item) => String(item) === name) + 1]
  const flags = field('flags')
  const isOn = Array.isArray(flags) && flags.map(String).includes('on') && !flags.map(String).includes('broken_redirect')
  return isOn && String(field('redirect')) === id
}

function refuseTaken(link: Link, options: PairOptions): void {
  if (link.untrackable !== undefined) throw unsupported(options, `${link.untrackable}, or use mode 'broadcast' without noLoop`)
  if (link.life.pair !== undefined && link.life.pair.owner !== options) throw taken(options)
}

function taken(options: PairOptions): UsageError {
  return unsupported(
    options,
    "its link is tracked for somebody else already. Close that tracking first, or use mode 'broadcast' without noLoop",
  )
}

function unsupported({ clientName, mode, noLoop }: PairOptions, reason: string): UsageError {
  const asked = `mode: '${mode}'${noLoop ? ', noLoop: true' : ''}`
  return new UsageError('TIERCEL_UNSUPPORTED', `Tracking with ${asked} is set on the link of the ${clientName} client, but ${reason}.`)
}
