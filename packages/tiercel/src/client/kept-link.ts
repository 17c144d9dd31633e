import type { SideLink } from './link.ts'
import { toClientError } from './reply.ts'

const longestOpeningMs = 3_000

const firstDelayMs = 20
const longestDelayMs = 2000
/** From half to one and a half: a fleet that lost its server in one moment does not come back in one. */
const leastOfDelay = 0.5
const mostOfDelay = 1.5

/** Who may come back tries again within this time. */
export const longestPauseMs: number = longestDelayMs * mostOfDelay

/** A connection of our own that is opened again, with a growing and jittered delay, whenever it is lost. */
export interface KeptLink<T extends SideLink> {
  /** What is open now; undefined while it is being opened again. */
  readonly current: T | undefined
  /** Does not wait any longer if it waits for the next attempt. */
  hurry(): void
  close(): void
}

/**
 * Opens a link and keeps it open until `close`.
 *
 * @param open opens the next link and calls `onEnd` when that one is lost
 * @throws what the first `open` throws; later failures are retried
 */
export async function keepLink<T extends SideLink>(
  open: (onEnd: () => void) => Promise<T>,
  events: { onDown(): void; onUp(): void },
): Promise<KeptLink<T>> {
  const keeper = new Keeper(open, events)
  await keeper.open()
  return keeper
}

/**
 * Sets up a connection of our own. One that fails is cut off, and so is one that is not set up in time: a server that hangs takes connections and says
 * nothing, and each attempt would leave one behind.
 */
export async function setUpInTime(setUp: () => Promise<void>, cutOff: () => void): Promise<void> {
  const impatience = setTimeout(cutOff, longestOpeningMs).unref()
  try {
    await setUp()
  } catch (error) {
    cutOff()
    throw toClientError(error)
  } finally {
    clearTimeout(impatience)
  }
}

class Keeper<T extends SideLink> implements KeptLink<T> {
  readonly #open: (onEnd: () => void) => Promise<T>
  readonly #events: { onDown(): void; onUp(): void }
  #link: T | undefined
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #failures = 0

  constructor(open: (onEnd: () => void) => Promise<T>, events: { onDown(): void; onUp(): void }) {
    this.#open = open
    this.#events = events
  }

  get current(): T | undefined {
    return this.#link
  }

  async open(): Promise<void> {
    let hasEnded = false
    let link: T | undefined
    const onEnd = (): void => {
      hasEnded = true
      if (link !== undefined && this.#link === link) this.#lost()
    }
    link = await this.#open(onEnd)
    if (hasEnded || this.#isClosed) {
      link.close()
      if (this.#isClosed) return
      throw new Error('The link was lost while it was being set up.')
    }
    this.#link = link
    this.#failures = 0
  }

  hurry(): void {
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#failures = 0
    this.#openAgain()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    const link = this.#link
    this.#link = undefined
    link?.close()
  }

  #lost(): void {
    this.#link = undefined
    if (this.#isClosed) return
    this.#events.onDown()
    this.#openLater()
  }

  #openLater(): void {
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** this.#failures++)
    const share = leastOfDelay + (mostOfDelay - leastOfDelay) * Math.random()
    this.#timer = setTimeout(() => this.#openAgain(), delayMs * share).unref()
  }

  #openAgain(): void {
    this.#timer = undefined
    this.open().then(
      () => {
        if (this.#link !== undefined) this.#events.onUp()
      },
      () => {
        if (!this.#isClosed) this.#openLater()
      },
    )
  }
}
