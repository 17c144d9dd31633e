import { ServerError, UsageError } from '../kernel/errors.ts'
import type { Reply, Word } from './client.ts'
import { askGlide, type GlideAnswer } from './glide-connection.ts'
import { toGlideError } from './glide-error.ts'
import { glideFolderOf } from './glide-reply.ts'
import { type Glide, membersOf } from './glide-shape.ts'
import { openGlideSubscriber } from './glide-side-link.ts'
import type { Link, LinkSetup, Receiver, SideLink, SubscriberEvents, Tracker } from './link.ts'
import { LinkLife } from './link-life.ts'
import { lost, unavailable } from './unavailable.ts'
import { type LinkState, whenReady } from './when-ready.ts'

export const glideName = 'glide'

const heartbeatMs = 200
const checkTimeoutMs = 250
/** With more, GLIDE mixes up their order. */
const mostPipelines = 4

interface Asked {
  readonly words: readonly Word[]
  resolve(reply: Reply): void
  reject(error: Error): void
}

/**
 * One connection through GLIDE, which keeps no order of single commands, and tells of no connection that is lost or new. So what is sent in one turn
 * leaves as one pipeline, and each pipeline brings back which connection it was on:
 *
 * - an answer from another connection than the one that was told of is not handed on: the new connection is told of first, and what was
 *   in the pipeline counts as lost on the way. So nobody acts on an answer of a connection that he was not told of;
 * - while nothing is sent, a heartbeat asks. Where it is not answered there is no link, and nothing is given to GLIDE: it would
 *   keep it for the next connection.
 */
export class GlideLink implements Link {
  readonly address = ''
  readonly life: LinkLife
  readonly untrackable = undefined
  readonly #live: Glide
  #waiting: Asked[] = []
  readonly #sent = new Set<readonly Asked[]>()
  /** The one that was told of. */
  #connection: string | undefined
  #isDown = false
  #isFlushing = false
  #checking: Promise<void> | undefined
  #lastError: unknown
  #answers = 0
  #answersAtBeat = 0
  #heartbeat: NodeJS.Timeout | undefined
  #isReleased = false

  constructor(live: Glide, { news }: LinkSetup) {
    this.#live = live
    this.life = new LinkLife(news)
  }

  get isReady(): boolean {
    return this.#connection !== undefined && !membersOf(this.#live).isClosed
  }

  async ready(signal?: AbortSignal): Promise<void> {
    void this.#check()
    const state = (): LinkState => (this.isReady ? 'ready' : membersOf(this.#live).isClosed ? 'gone' : 'waiting')
    await whenReady(glideName, state, signal, () => this.#lastError)
  }

  tell(): void {
    if (this.isReady && !this.life.isTold) this.life.opened()
  }

  send(words: readonly Word[]): Promise<Reply> {
    if (this.#isDown || membersOf(this.#live).isClosed) return Promise.reject(this.#away())
    return new Promise((resolve, reject) => {
      this.#waiting.push({ words, resolve, reject })
      this.#flushSoon()
    })
  }

  openSubscriber(channels: readonly string[], events: SubscriberEvents): Promise<SideLink> {
    return openGlideSubscriber(this.#live, channels, events)
  }

  openTracker(): Promise<Tracker> {
    return Promise.reject(withoutPushes())
  }

  openReceiver(): Promise<Receiver> {
    return Promise.reject(withoutPushes())
  }

  release(): void {
    this.#isReleased = true
    clearInterval(this.#heartbeat)
    this.life.lost()
  }

  #flushSoon(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    process.nextTick(() => {
      this.#isFlushing = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#waiting.length === 0 || this.#sent.size >= mostPipelines) return
    if (this.#connection === undefined) return void this.#check()
    const asked = this.#waiting
    this.#waiting = []
    void this.#exchange(asked, this.#connection)
  }

  async #exchange(asked: readonly Asked[], connection: string): Promise<void> {
    this.#sent.add(asked)
    try {
      const commands = asked.map(({ words }) => words)
      const answer = await askGlide(this.#live, commands)
      this.#answers++
      // Told of first: what is sent then goes before all that waits.
      this.#arrived(answer.connection)
      settle(asked, answer, connection)
    } catch (error) {
      for (const { reject } of asked) reject(toGlideError(error))
      if (isLoss(error)) this.#lost(error)
      else void this.#check()
    }
    this.#sent.delete(asked)
    this.#flush()
  }

  /** Asks whether there is a connection, and which. Never rejects. */
  #check(): Promise<void> {
    this.#heartbeat ??= this.#startHeartbeat()
    this.#checking ??= askGlide(this.#live, [], checkTimeoutMs)
      .then(
        ({ connection }) => this.#arrived(connection),
        (error) => this.#lost(error),
      )
      .finally(() => {
        this.#checking = undefined
        this.#flush()
      })
    return this.#checking
  }

  #startHeartbeat(): NodeJS.Timeout {
    return setInterval(() => {
      if (this.#answers === this.#answersAtBeat) void this.#check()
      this.#answersAtBeat = this.#answers
    }, heartbeatMs).unref()
  }

  #arrived(connection: string): void {
    if (this.#connection === connection || this.#isReleased) return
    const waiting = this.#waiting
    this.#waiting = []
    this.#connection = connection
    this.#isDown = false
    this.#lastError = undefined
    this.life.opened()
    this.#waiting.push(...waiting)
    if (this.#waiting.length > 0) this.#flushSoon()
  }

  #lost(error: unknown): void {
    this.#lastError = error
    this.#connection = undefined
    this.#isDown = true
    this.life.lost()
    const waiting = this.#waiting
    this.#waiting = []
    for (const { reject } of waiting) reject(this.#away())
    for (const asked of this.#sent) for (const { reject } of asked) reject(lost(glideName))
    if (membersOf(this.#live).isClosed) clearInterval(this.#heartbeat)
  }

  #away(): Error {
    return unavailable(glideName, membersOf(this.#live).isClosed ? 'closed' : 'connecting', this.#lastError)
  }
}

/** Answers of the connection that it was sent for; those of any other are as good as lost. */
function settle(asked: readonly Asked[], { connection, replies }: GlideAnswer, expected: string): void {
  asked.forEach(({ words, resolve, reject }, at) => {
    const reply = replies[at]
    if (connection !== expected) reject(lost(glideName))
    else if (reply instanceof Error) reject(toGlideError(reply))
    else resolve(glideFolderOf(words)(reply))
  })
}

/** A timeout may be one of a server that is slow; an answer proves that there is a link. */
function isLoss(error: unknown): boolean {
  return error instanceof Error && !(error instanceof ServerError) && /^(Connection|Closing)Error$/.test(error.name)
}

function withoutPushes(): UsageError {
  const text =
    'GLIDE does not hand on what the server pushes, so its client cannot be told of changes by the server. ' +
    "Use coherence: { mode: 'bus' }, or another client package."
  return new UsageError('TIERCEL_UNSUPPORTED', text)
}
