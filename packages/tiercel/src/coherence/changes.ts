import { startTimer, type Timer } from '../kernel/clock.ts'
import { UsageError } from '../kernel/errors.ts'
import type { Feed, FeedListener } from '../stores/store.ts'
import type { Pace } from './pace.ts'
import type { Proof } from './proof.ts'

/** Told of what may have changed. */
export interface ChangeListener {
  /** Stored keys; `null`: all. */
  onChange(keys: readonly string[] | null): void
  /** Whether changes are heard from now on. */
  onLink?(isUp: boolean): void
  /** Changes will never be heard as was asked for; the error says what to use. */
  onRefused?(error: UsageError): void
}

/** Opens a link over which changes are told. */
export type Follow = (listener: FeedListener) => Promise<Feed>

export interface Watch {
  /** Whether changes are heard now. Else ask from time to time. */
  readonly isLive: boolean
  close(): void
}

/** After a link could not be opened, none is tried for so long. */
const restMs = 1_000
const longestOpeningMs = 3_000
/** Round trips per bound. */
const proofsPerBound = 4
/** A question that is not answered for so many bounds: the link is taken for dead, whatever the socket says. */
const boundsToDeath = 2
const shortestDeathMs = 500

/**
 * How this process hears of changes: one link, for its L1 and for those who wait for a key. It is opened at the first use, opened again when it
 * is lost or mute, and asked for a sign of life several times per bound; each answer is a `Proof`. What changed while there was no link was not
 * heard: with the next link everything is questioned.
 */
export class Changes {
  readonly #followStore: Follow
  readonly #proof: Proof
  readonly #listener: ChangeListener
  readonly #pace: Pace
  readonly #watchers: Map<string, Set<() => void>> = new Map()
  #opening: Promise<void> | undefined
  #feed: Feed | undefined
  /** Links whose opening took too long, and may still have its effect. */
  #abandoned = 0
  #isUp = false
  #isClosed = false
  #heartbeat: Timer | undefined
  #retry: Timer | undefined
  #stopWaiting: () => void = () => undefined
  /** When the question that is not answered yet was sent. */
  #askedAtMs: number | undefined

  constructor(follow: Follow, proof: Proof, listener: ChangeListener, pace: Pace) {
    this.#followStore = follow
    this.#proof = proof
    this.#listener = listener
    this.#pace = pace
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** Whether it was to be heard of anything yet. */
  get isStarted(): boolean {
    return this.#opening !== undefined
  }

  /** Opens the link in the background. May be called often. */
  start(): void {
    if (this.#opening === undefined && !this.#isClosed) this.#opening = this.#open()
  }

  /** This process has changed keys that the server has stopped to watch with that. */
  tellOwn(keys: readonly string[]): void {
    if (this.#isUp && this.#feed?.isLocal === false) this.#tell(keys)
  }

  /** Calls `onChange` whenever the key may have changed, until it is closed. */
  watch(key: string, onChange: () => void): Watch {
    const watchers = this.#watchers.get(key) ?? new Set()
    this.#watchers.set(key, watchers.add(onChange))
    this.start()
    const isLive = (): boolean => this.#isUp
    return {
      get isLive() {
        return isLive()
      },
      close: () => {
        watchers.delete(onChange)
        if (watchers.size === 0 && this.#watchers.get(key) === watchers) this.#watchers.delete(key)
      },
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#setUp(false)
    this.#heartbeat?.cancel()
    this.#retry?.cancel()
    this.#stopWaiting()
    await this.#opening
    await this.#feed?.close()
  }

  /** Given up when it takes too long: a network that swallows everything would otherwise be waited for as long as its ends are patient. */
  async #follow(listener: FeedListener): Promise<Feed> {
    const opening = this.#followStore(listener)
    let timer: Timer | undefined
    const late = new Promise<'late'>((resolve) => {
      this.#stopWaiting = () => resolve('late')
      timer = startTimer(this.#pace.clock, longestOpeningMs, this.#stopWaiting)
    })
    const first = await Promise.race([opening, late]).finally(() => timer?.cancel())
    if (first !== 'late') return first
    this.#abandoned += 1
    opening
      .then((feed) => feed.close())
      .catch(() => undefined)
      .finally(() => {
        this.#abandoned -= 1
      })
    throw new Error('The link of changes could not be opened in time.')
  }

  /** Never rejects: without a link, L1 is trusted for what it was read for, and those who wait ask from time to time. */
  async #open(): Promise<void> {
    try {
      let isThis = true
      const feed = await this.#follow({
        onChange: (keys) => {
          if (isThis && !this.#isClosed) this.#tell(keys)
        },
        onDown: () => {
          if (isThis) this.#setUp(false)
        },
        onUp: () => {
          if (isThis) this.#setUp(true)
        },
      })
      this.#feed = {
        isLocal: feed.isLocal,
        prove: () => feed.prove(),
        close: () => {
          isThis = false
          return feed.close()
        },
      }
      if (this.#isClosed) return
      if (feed.isLocal) this.#hearAll()
      else {
        this.#setUp(true)
        this.#beat()
      }
    } catch (error) {
      // What an opening that was given up still holds is not for ever.
      if (error instanceof UsageError && this.#abandoned === 0) this.#refused(error)
      else this.#retryLater()
    }
  }

  /** Of one in this process nothing is missed, from the call that opens it on. */
  #hearAll(): void {
    this.#isUp = true
    this.#proof.proveForEver()
    this.#ringAll()
  }

  /** Set up wrongly: it is not tried again. */
  #refused(error: UsageError): void {
    if (!this.#isClosed) this.#listener.onRefused?.(error)
  }

  #retryLater(): void {
    if (this.#isClosed) return
    this.#retry = startTimer(this.#pace.clock, restMs * (0.5 + this.#pace.random()), () => {
      this.#opening = undefined
      this.start()
    })
  }

  #beat(): void {
    this.#heartbeat?.cancel()
    this.#askedAtMs = undefined
    this.#ask()
    this.#planBeat()
  }

  #planBeat(): void {
    this.#heartbeat = startTimer(this.#pace.clock, this.#proof.boundMs / proofsPerBound, () => {
      this.#planBeat()
      this.#ask()
    })
  }

  #ask(): void {
    const nowMs = this.#pace.nowMs()
    if (this.#askedAtMs !== undefined) {
      if (nowMs - this.#askedAtMs > Math.max(this.#proof.boundMs * boundsToDeath, shortestDeathMs)) this.#reopen()
      return
    }
    const feed = this.#feed
    if (feed === undefined || !this.#isUp) return
    this.#askedAtMs = nowMs
    feed.prove().then(
      () => this.#answered(feed, nowMs, true),
      () => this.#answered(feed, nowMs, false),
    )
  }

  #answered(feed: Feed, askedAtMs: number, isAlive: boolean): void {
    if (this.#feed !== feed || this.#askedAtMs !== askedAtMs) return
    this.#askedAtMs = undefined
    if (isAlive && this.#isUp) this.#proof.prove(askedAtMs)
  }

  /** A link that says nothing, and does not break either. */
  #reopen(): void {
    this.#heartbeat?.cancel()
    this.#setUp(false)
    const feed = this.#feed
    this.#feed = undefined
    this.#opening = (feed?.close() ?? Promise.resolve()).catch(() => undefined).then(() => (this.#isClosed ? undefined : this.#open()))
  }

  #setUp(isUp: boolean): void {
    if (isUp && this.#isClosed) return
    const wasUp = this.#isUp
    this.#isUp = isUp
    // What was asked over the link before proves nothing of this one.
    this.#askedAtMs = undefined
    if (isUp) {
      this.#proof.void(this.#pace.nowMs())
      this.#tell(null)
    } else if (wasUp) this.#ringAll()
    if (wasUp !== isUp) this.#listener.onLink?.(isUp)
    if (isUp && this.#feed !== undefined) this.#ask()
  }

  #tell(keys: readonly string[] | null): void {
    this.#listener.onChange(keys)
    if (keys === null) return this.#ringAll()
    for (const key of keys) for (const onChange of [...(this.#watchers.get(key) ?? [])]) onChange()
  }

  /** Whoever waits looks once: what changed while nothing was heard was missed. */
  #ringAll(): void {
    for (const watchers of [...this.#watchers.values()]) for (const onChange of [...watchers]) onChange()
  }
}
