/**
 * One load shared by all callers of a key in this process.
 *
 * Its result, or its error, is that of all of them. A caller with an abort signal may leave; the load itself is aborted only when
 * everybody left, and a caller without a signal never does.
 */
export class Flight {
  readonly result: Promise<unknown>
  #resolve!: (value: unknown) => void
  #reject!: (error: unknown) => void
  #waiters = 0
  #stays = false
  #controller: AbortController | undefined
  #state: 'open' | 'overtaken' | 'abandoned' = 'open'
  readonly #flights: Map<string, Flight>
  readonly #path: string

  /** Takes its place among `flights`, where callers find it. */
  constructor(flights: Map<string, Flight>, path: string) {
    this.#flights = flights
    this.#path = path
    flights.set(path, this)
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
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

  resolve(value: unknown): void {
    this.#resolve(value)
  }

  reject(error: unknown): void {
    this.#reject(error)
  }

  /** Gives its place up, unless a later flight has it: callers from now on start anew. */
  land(): void {
    if (this.#flights.get(this.#path) === this) this.#flights.delete(this.#path)
  }

  /** The result for one more caller. */
  join(signal: AbortSignal | undefined): Promise<unknown> {
    if (signal === undefined) {
      this.#stays = true
      return this.result
    }
    return this.#joinUntil(signal)
  }

  #joinUntil(signal: AbortSignal): Promise<unknown> {
    this.#waiters += 1
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        reject(signal.reason)
        this.#leave()
      }
      signal.addEventListener('abort', leave, { once: true })
      const stay = (): void => signal.removeEventListener('abort', leave)
      this.result.then(
        (value) => {
          stay()
          resolve(value)
        },
        (error) => {
          stay()
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
    this.land()
  }
}
