import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames } from '../kernel/options.ts'
import type { Tracking, TrackingListener, TrackingOptions } from './client.ts'
import { type KeptLink, keepLink } from './kept-link.ts'
import type { Link, Tracker } from './link.ts'
import { unavailable } from './unavailable.ts'

/**
 * Server-assisted invalidation, one tracking link per primary. On a cluster every heartbeat compares the primaries with
 * the links: a new primary gets one (down until it is up), that of a removed one is closed.
 *
 * `CLIENT TRACKING` in broadcasting mode: https://valkey.io/topics/client-side-caching/
 */
export async function openTracking(
  clientName: string,
  primaries: () => Promise<ReadonlyMap<string, Link | undefined>>,
  options: TrackingOptions,
  listener: TrackingListener,
): Promise<Tracking> {
  refuseUnsupported(clientName, options)
  const trackers = new PrimaryTrackers(clientName, primaries, options.prefixes, listener)
  try {
    await trackers.follow()
  } catch (error) {
    await trackers.close()
    throw error
  }
  return trackers
}

class PrimaryTrackers implements Tracking {
  readonly #clientName: string
  readonly #primaries: () => Promise<ReadonlyMap<string, Link | undefined>>
  readonly #prefixes: readonly string[]
  readonly #listener: TrackingListener
  readonly #kept = new Map<string, KeptLink<Tracker>>()
  #isUp = true
  #isClosed = false

  constructor(
    clientName: string,
    primaries: () => Promise<ReadonlyMap<string, Link | undefined>>,
    prefixes: readonly string[],
    listener: TrackingListener,
  ) {
    this.#clientName = clientName
    this.#primaries = primaries
    this.#prefixes = prefixes
    this.#listener = listener
  }

  async ping(): Promise<void> {
    await this.follow()
    await Promise.all(Array.from(this.#kept.values(), ({ current }) => current?.ping() ?? Promise.reject(this.#away())))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const kept of this.#kept.values()) kept.close()
    this.#kept.clear()
  }

  /** Makes the links match the primaries. */
  async follow(): Promise<void> {
    const primaries = await this.#primaries()
    if (primaries.size === 0) throw this.#away()
    for (const [address, kept] of this.#kept) {
      if (primaries.has(address)) continue
      kept.close()
      this.#kept.delete(address)
    }
    const isFirst = this.#kept.size === 0 && this.#isUp
    const fresh = [...primaries.keys()].filter((address) => !this.#kept.has(address))
    if (fresh.length === 0) return this.#tellWhenUp()
    if (!isFirst) this.#down()
    await Promise.all(fresh.map((address) => this.#keep(address)))
    this.#tellWhenUp()
  }

  async #keep(address: string): Promise<void> {
    const kept = await keepLink(
      async (onEnd) => {
        const link = (await this.#primaries()).get(address)
        if (link === undefined) throw this.#away()
        return link.openTracker(this.#prefixes, { onInvalidate: (keys) => this.#invalidated(keys), onEnd })
      },
      { onDown: () => this.#down(), onUp: () => this.#tellWhenUp() },
    )
    if (this.#isClosed || this.#kept.has(address)) kept.close()
    else this.#kept.set(address, kept)
  }

  #invalidated(keys: readonly string[] | null): void {
    if (!this.#isClosed) this.#listener.onInvalidate(keys)
  }

  #down(): void {
    if (this.#isClosed || !this.#isUp) return
    this.#isUp = false
    this.#listener.onDown?.()
  }

  #tellWhenUp(): void {
    if (this.#isUp || this.#isClosed) return
    for (const kept of this.#kept.values()) if (kept.current === undefined) return
    this.#isUp = true
    this.#listener.onUp?.()
  }

  #away(): Error {
    return unavailable(this.#clientName, 'opening a lost tracking link again')
  }
}

function refuseUnsupported(clientName: string, options: TrackingOptions): void {
  checkOptionNames(options, ['prefixes', 'noLoop'], 'track')
  if (options.noLoop) {
    const text = `noLoop needs tracking on the data link itself; the ${clientName} adapter tracks on links of its own. Leave noLoop out.`
    throw new UsageError('TIERCEL_UNSUPPORTED', text)
  }
  const { prefixes } = options
  const overlaps = prefixes.some((one, index) => prefixes.some((other, at) => at !== index && other.startsWith(one)))
  if (prefixes.length > 0 && !overlaps) return
  throw new UsageError('TIERCEL_INVALID_OPTION', `prefixes: at least one, none the beginning of another; got ${JSON.stringify(prefixes)}.`)
}
