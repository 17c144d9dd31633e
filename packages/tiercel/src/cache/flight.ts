import type { TagSnapshot } from '../coherence/tag.ts'
import type { StartDeadline } from '../resilience/deadline.ts'
import type { Claim } from './claim.ts'
import type { Core } from './core.ts'
import type { Entry } from './entry.ts'
import { lateError } from './patience.ts'

let resolvePart: (value: unknown) => void
let rejectPart: (error: unknown) => void

/** Made once: a function for each promise, and what it closes over, would be two objects more per flight. */
function keepParts(resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
  resolvePart = resolve
  rejectPart = reject
}

/**
 * One load shared by all callers of a key in this process.
 *
 * Its result, or its error, is that of all of them; it may be there before the flight is over, when a stale value will do. A caller
 * with an abort signal or a hard timeout may leave; the load itself is aborted only when everybody left, and a caller
 * without either never does.
 */
export class Flight {
  readonly result: Promise<unknown>
  readonly startedAtMs: number
  /** When the last of its callers came. */
  joinedAtMs: number
  /** What it will store over, once it has the right to. */
  claim: Claim | undefined
  /** What tags held before its load. */
  snapshot: TagSnapshot | undefined
  /** How often the key may have changed since it began, and at how many of those it was seen to hold its claim still. */
  touches = 0
  confirmedTouches = 0
  /** How many changes of tags there had been when it began, or when they were last found to mean nothing to it. */
  tagTouches: number
  confirming: { readonly touches: number; readonly tagTouches: number; readonly isConfirmed: Promise<boolean> } | undefined
  /** A value that is served where no fresh one comes in time. */
  stale: Entry | undefined
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: unknown) => void
  #waiters = 0
  #stays = false
  #isAnswered = false
  #controller: AbortController | undefined
  #onAbandon: (() => void) | undefined
  #state: 'open' | 'overtaken' | 'abandoned' = 'open'
  readonly #flights: Map<string, Flight>
  readonly #path: string
  readonly #startDeadline: StartDeadline

  /** Takes its place among `flights`, where callers find it. One that stood there hears nothing from now on, so what it finds is not kept as it is. */
  constructor(flights: Map<string, Flight>, path: string, core: Pick<Core, 'nowMs' | 'startDeadline'>, tagTouches: number) {
    this.startedAtMs = core.nowMs()
    this.joinedAtMs = this.startedAtMs
    this.#startDeadline = core.startDeadline
    this.tagTouches = tagTouches
    this.#flights = flights
    this.#path = path
    flights.get(path)?.touch()
    flights.set(path, this)
    this.result = new Promise(keepParts)
    this.#resolve = resolvePart
    this.#reject = rejectPart
  }

  /** Why its result must not be stored, if so. */
  get dropReason(): 'overtaken' | 'abandoned' | undefined {
    return this.#state === 'open' ? undefined : this.#state
  }

  /** For the loader. Made when it is asked for: most loaders never do. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#state === 'abandoned') this.#controller.abort()
    return this.#controller.signal
  }

  /** @throws when all callers have left: nobody would get what is loaded now */
  checkWanted(): void {
    if (this.#state === 'abandoned') throw this.signal.reason
  }

  overtake(): void {
    if (this.#state === 'open') this.#state = 'overtaken'
  }

  /** The key may have been changed, also by this flight itself. */
  touch(): void {
    this.touches += 1
  }

  /** Whether what it found or loaded may be kept, as far as this process has heard. */
  get isKeepable(): boolean {
    return this.#state === 'open' && this.touches === 0
  }

  /** Whether somebody has no value yet. */
  get isWaitedFor(): boolean {
    return !this.#isAnswered
  }

  /** Its callers have their value, and it goes on without them: whoever leaves now takes nothing along. */
  resolve(value: unknown): void {
    this.#stays = true
    this.#isAnswered = true
    this.#resolve(value)
  }

  /** From now on there is something to serve: at once, or when the flight has not ended after a while. */
  offer(stale: Entry, afterMs: number): void {
    this.stale = stale
    if (afterMs === 0) this.resolve(stale.value)
    else this.#startDeadline(afterMs, () => this.stale === stale && this.resolve(stale.value))
  }

  /** Ends in failure, unless a stale value will do. */
  fail(error: unknown): void {
    if (this.stale === undefined) this.#reject(error)
    else this.resolve(this.stale.value)
  }

  /** Called once when all callers have left. */
  set onAbandon(call: (() => void) | undefined) {
    this.#onAbandon = call
  }

  /** Gives its place up, unless a later flight has it: callers from now on start anew. */
  land(): void {
    if (this.#flights.get(this.#path) === this) this.#flights.delete(this.#path)
  }

  /**
   * The result for one more caller.
   *
   * @param hardTimeoutMs `Infinity`: it waits as long as it takes
   * @param leftMs of that, where some is spent
   */
  join(signal: AbortSignal | undefined, hardTimeoutMs: number, leftMs: number = hardTimeoutMs): Promise<unknown> {
    if (signal !== undefined || hardTimeoutMs !== Number.POSITIVE_INFINITY) return this.#joinForAWhile(signal, hardTimeoutMs, leftMs)
    this.#stays = true
    return this.result
  }

  #joinForAWhile(signal: AbortSignal | undefined, hardTimeoutMs: number, leftMs: number): Promise<unknown> {
    this.#waiters += 1
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        signal?.removeEventListener('abort', onAbort)
        deadline?.cancel()
      }
      const onAbort = (): void => {
        settle()
        reject(signal?.reason)
        this.#leave()
      }
      const onLate = (): void => {
        settle()
        if (this.stale === undefined) reject(lateError(hardTimeoutMs, this.#path))
        else resolve(this.stale.value)
        this.#leave()
      }
      const deadline = leftMs === Number.POSITIVE_INFINITY ? undefined : this.#startDeadline(leftMs, onLate)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.result.then(
        (value) => {
          settle()
          resolve(value)
        },
        (error) => {
          settle()
          reject(error)
        },
      )
    })
  }

  #leave(): void {
    this.#waiters -= 1
    if (this.#waiters > 0 || this.#stays) return
    this.#state = 'abandoned'
    this.#controller?.abort()
    this.#onAbandon?.()
    this.land()
  }
}
