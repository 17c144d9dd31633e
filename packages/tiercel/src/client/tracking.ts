import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames } from '../kernel/options.ts'
import type { Tracking, TrackingListener, TrackingOptions } from './client.ts'
import { type KeptLink, keepLink } from './kept-link.ts'
import type { Link, Tracker, TrackerEvents } from './link.ts'
import type { Nodes } from './nodes.ts'
import { openPair } from './tracking-pair.ts'
import { unavailable } from './unavailable.ts'

const modes = ['broadcast', 'default', 'optin'] as const

/**
 * Server-assisted invalidation, one tracker per primary: a link of its own that is told of prefixes, or a pair of which the data link is
 * one half (`tracking-pair.ts`). On a cluster every heartbeat compares the primaries with the trackers: a new primary gets
 * one (down until it is up), that of a removed one is closed.
 *
 * `CLIENT TRACKING`: https://valkey.io/topics/client-side-caching/
 */
export async function openTracking(
  clientName: string,
  nodes: TrackedNodes,
  options: TrackingOptions,
  listener: TrackingListener,
): Promise<Tracking> {
  checkOptions(options)
  if (options.mode === 'default' && nodes.readLagMs !== undefined) {
    const text = "mode: 'default' watches what is read from primaries, and this client reads from replicas. Use 'optin' or 'broadcast'."
    throw new UsageError('TIERCEL_UNSUPPORTED', text)
  }
  const trackers = new PrimaryTrackers(clientName, nodes, options, listener)
  try {
    await trackers.open()
  } catch (error) {
    await trackers.close()
    throw error
  }
  return trackers
}

export type TrackedNodes = Pick<Nodes, 'topology' | 'news' | 'primaries' | 'readLagMs'>

class PrimaryTrackers implements Tracking {
  readonly #clientName: string
  readonly #nodes: TrackedNodes
  readonly #listener: TrackingListener
  readonly #openTracker: (link: Link, events: TrackerEvents) => Promise<Tracker>
  readonly #isWanted: (key: string) => boolean
  readonly #stopListening: (() => void)[] = []
  readonly #kept = new Map<string, KeptLink<Tracker>>()
  /** How often the links have changed, and how often they had when the trackers were made to match them last. */
  #changes = 0
  #matched = -1
  #following: Promise<void> | undefined
  #isOpen = false
  #isUp = true
  #isClosed = false

  constructor(clientName: string, nodes: TrackedNodes, options: TrackingOptions, listener: TrackingListener) {
    const { prefixes, mode = 'broadcast', noLoop = false } = options
    this.#clientName = clientName
    this.#nodes = nodes
    this.#listener = listener
    // Only broadcasting knows prefixes. What others read on a link that is shared is none of ours.
    this.#isWanted = mode === 'broadcast' ? () => true : (key) => prefixes.some((prefix) => key.startsWith(prefix))
    if (mode === 'broadcast' && !noLoop) {
      this.#openTracker = (link, events) => link.openTracker(prefixes, events)
      return
    }
    const pair = { clientName, mode, noLoop, prefixes, topology: nodes.topology }
    this.#openTracker = (link, events) => openPair(link, pair, events)
    this.#stopListening.push(
      nodes.news.listen(() => this.#linksChanged()),
      nodes.news.onStray(() => this.#invalidated(null)),
    )
  }

  async open(): Promise<void> {
    await this.#follow()
    this.#isOpen = true
    if (!this.#areAllUp()) this.#down()
  }

  async ping(): Promise<void> {
    await this.#follow()
    await Promise.all(Array.from(this.#kept.values(), ({ current }) => current?.ping() ?? Promise.reject(this.#away())))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const stop of this.#stopListening) stop()
    for (const kept of this.#kept.values()) kept.close()
    this.#kept.clear()
  }

  /** Makes the trackers match the primaries: once at a time, and again where links have changed meanwhile. */
  #follow(): Promise<void> {
    this.#following ??= this.#matchAll()
      .finally(() => {
        this.#following = undefined
      })
      .then(() => (this.#matched === this.#changes ? undefined : this.#follow()))
    return this.#following
  }

  async #matchAll(): Promise<void> {
    let seen: number
    do {
      seen = this.#changes
      await this.#match(await this.#nodes.primaries())
    } while (seen !== this.#changes)
    this.#matched = seen
    this.#tellWhenUp()
  }

  async #match(primaries: ReadonlyMap<string, Link | undefined>): Promise<void> {
    if (primaries.size === 0) throw this.#away()
    for (const [address, kept] of this.#kept) {
      if (primaries.has(address)) continue
      kept.close()
      this.#kept.delete(address)
    }
    const fresh = [...primaries.keys()].filter((address) => !this.#kept.has(address))
    if (fresh.length === 0) return
    this.#down()
    await Promise.all(fresh.map((address) => this.#keep(address)))
  }

  async #keep(address: string): Promise<void> {
    const kept = await keepLink(
      async (onEnd) => {
        const link = (await this.#nodes.primaries()).get(address)
        if (link === undefined) throw this.#away()
        return this.#openTracker(link, { onInvalidate: (keys) => this.#invalidated(keys), onEnd })
      },
      { onDown: () => this.#down(), onUp: () => this.#tellWhenUp() },
    )
    if (this.#isClosed || this.#kept.has(address)) kept.close()
    else this.#kept.set(address, kept)
  }

  /** What is read on a new link, or of a slot that has moved, is not tracked until there is a pair. Told before anything is read there. */
  #linksChanged(): void {
    this.#changes++
    if (!this.#isOpen || this.#isClosed) return
    this.#down()
    for (const kept of this.#kept.values()) kept.hurry()
    this.#followSoon()
  }

  /** What fails now is tried again with the next heartbeat. */
  #followSoon(): void {
    this.#follow().catch(() => {})
  }

  #invalidated(keys: readonly string[] | null): void {
    if (this.#isClosed) return
    const wanted = keys === null ? null : keys.filter(this.#isWanted)
    if (wanted === null || wanted.length > 0) this.#listener.onInvalidate(wanted)
  }

  #down(): void {
    if (this.#isClosed || !this.#isUp || !this.#isOpen) return
    this.#isUp = false
    this.#listener.onDown?.()
  }

  #tellWhenUp(): void {
    if (this.#isUp || this.#isClosed || this.#matched !== this.#changes || !this.#areAllUp()) return
    this.#isUp = true
    this.#listener.onUp?.()
  }

  #areAllUp(): boolean {
    for (const kept of this.#kept.values()) if (kept.current === undefined) return false
    return true
  }

  #away(): Error {
    return unavailable(this.#clientName, 'opening a lost tracking link again')
  }
}

function checkOptions(options: TrackingOptions): void {
  checkOptionNames(options, ['prefixes', 'mode', 'noLoop'], 'track')
  const { prefixes, mode = 'broadcast' } = options
  if (!modes.includes(mode)) throw new UsageError('TIERCEL_INVALID_OPTION', `mode: one of ${modes.join(', ')}; got ${String(mode)}.`)
  const overlaps = prefixes.some((one, index) => prefixes.some((other, at) => at !== index && other.startsWith(one)))
  if (prefixes.length > 0 && !overlaps) return
  throw new UsageError('TIERCEL_INVALID_OPTION', `prefixes: at least one, none the beginning of another; got ${JSON.stringify(prefixes)}.`)
}
