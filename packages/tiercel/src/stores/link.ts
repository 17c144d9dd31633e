import type { Client, Command, Reply } from '../client/client.ts'
import { type Clock, coarseClock, epochMs, systemClock } from '../kernel/clock.ts'
import { DeadlineError, ServerError, StoreError, UsageError } from '../kernel/errors.ts'
import type { BreakerSettings } from '../resilience/breaker.ts'
import { deadlinesOf } from '../resilience/deadline.ts'
import type { Advice } from '../telemetry/advice.ts'
import type { AdmissionLimits } from './gate.ts'
import { type BreakerChange, Gates, type StoreHealth } from './gates.ts'
import { awayError, lateError, limit } from './limit.ts'
import { checkServers } from './server-check.ts'

export interface LinkOptions {
  /** What one command may take. */
  readonly timeoutMs: number
  /** What the first calls may wait for the first link. */
  readonly connectTimeoutMs: number
  /** `undefined`: none. */
  readonly breaker: BreakerSettings | undefined
  readonly admission: AdmissionLimits
  /** Retries of reads per success. */
  readonly retryShare: number
  readonly clock: Clock
  readonly random: () => number
}

const clockLifeMs = 60_000
const badClockLifeMs = 1_000
const goodClockErrorMs = 2
/** A pipeline is given one budget for each so many commands. */
const commandsPerBudget = 100

/**
 * The way to the server with a budget of time: what every command of a store goes through.
 *
 * The first calls wait for the first link together, once; while it is missing after that, calls fail at once, with what the client says of
 * it. What takes longer than its budget is given up here, though the server may still execute it.
 */
export class Link {
  readonly #connect: () => Promise<Client>
  readonly #options: LinkOptions
  readonly #coarse: Clock
  #client: Client | undefined
  #clientMade: Promise<Client> | undefined
  #attempt: Promise<void> | undefined
  #firstWait: Promise<void> | undefined
  #wasInVain = false
  #isStarted = false
  #isClosed = false
  #serverAheadMs = 0
  #clockErrorMs = 0
  #clockMeasuredAtMs = Number.NEGATIVE_INFINITY
  readonly #linkListeners: Set<() => void> = new Set()
  readonly #usableListeners: Set<() => void> = new Set()
  readonly #breakerListeners: Set<(change: BreakerChange) => void> = new Set()
  readonly #adviceListeners: Set<(advice: readonly Advice[]) => void> = new Set()
  #advice: readonly Advice[] = []
  readonly #gates: Gates

  constructor(connect: () => Promise<Client>, options: LinkOptions) {
    this.#connect = connect
    this.#coarse = options.clock === systemClock ? { monotonicMs: coarseClock(systemClock) } : options.clock
    this.#options = options
    this.#gates = new Gates({ ...options, onChange: (change) => this.#tellBreaker(change) })
  }

  /** The client, when a command sent now would leave at once. */
  get client(): Client | undefined {
    const client = this.#client
    return this.#isStarted && client?.isReady === true && !this.#isClosed ? client : undefined
  }

  /** As `Client.nodeOf`. */
  nodeOf(key: string): string | undefined {
    return this.client?.nodeOf(key)
  }

  /** Grows whenever a link to a server is lost or made. */
  get epoch(): number {
    return this.#client?.linkEpoch ?? 0
  }

  /** `listener` is called for each new link to a server that takes writes; what it sends leaves first. */
  onLink(listener: () => void): () => void {
    this.#linkListeners.add(listener)
    return () => this.#linkListeners.delete(listener)
  }

  /** As `onLink`, and also when a server that was left alone by its breaker is asked again. */
  onUsable(listener: () => void): () => void {
    this.#usableListeners.add(listener)
    return () => this.#usableListeners.delete(listener)
  }

  onBreaker(listener: (change: BreakerChange) => void): () => void {
    this.#breakerListeners.add(listener)
    return () => this.#breakerListeners.delete(listener)
  }

  /** `listener` is called once, some time after the first link, with what was found out about the servers, if anything. */
  onAdvice(listener: (advice: readonly Advice[]) => void): () => void {
    this.#adviceListeners.add(listener)
    return () => this.#adviceListeners.delete(listener)
  }

  health(): StoreHealth {
    const isUsed = this.#attempt !== undefined || this.#wasInVain || this.#isStarted
    const link = this.client !== undefined ? 'up' : isUsed ? 'down' : 'unused'
    return { ...this.#gates.health(link), advice: this.#advice }
  }

  /** Off by a millisecond at most beside the error of the measurement: it is asked for each value that is read. */
  nowMs(): number {
    return epochMs(this.#coarse) + this.#serverAheadMs
  }

  /** Waits for the first link, together with all others who do; rejects at once when that was in vain before. */
  ready(): Promise<void> {
    if (this.#isClosed) return Promise.reject(closedError())
    if (this.client !== undefined) return Promise.resolve()
    if (this.#isStarted) return this.#rejectAway()
    this.#attempt ??= this.#start()
    if (this.#wasInVain) return this.#rejectAway()
    this.#firstWait ??= this.#waitForFirst(this.#attempt)
    return this.#firstWait
  }

  /** A client to send with, now or after the first link is there. */
  async open(): Promise<Client> {
    await this.ready()
    const client = this.client
    if (client === undefined) throw this.#isClosed ? closedError() : awayError()
    return client
  }

  /** @param mayRepeat whether it changes nothing, and so may be sent again when its answer was lost */
  async send(command: Command, operation: string, mayRepeat = false): Promise<Reply> {
    const client = this.client ?? (await this.open())
    this.#keepClock(client)
    const gate = this.#gates.of(client, command.key)
    const send = () => client.send(command)
    const isPipeline = false
    return this.#gates.ask({ client, gate, commands: [command], limitMs: this.#options.timeoutMs, operation, isPipeline, mayRepeat, send })
  }

  /** One result per command, in order: a node that fails fails its own. */
  async batch(commands: readonly Command[], operation: string, mayRepeat = false): Promise<(Reply | Error)[]> {
    const client = this.client ?? (await this.open())
    this.#keepClock(client)
    const groups = this.#gates.split(client, commands)
    const results: (Reply | Error)[] = new Array(commands.length)
    await Promise.all(
      groups.map(async ({ gate, places }) => {
        const own = groups.length === 1 ? commands : places.map((place) => commands[place] as Command)
        const limitMs = this.#budgetMs(own.length)
        const send = () => client.batch(own)
        const replies = await this.#gates
          .ask({ client, gate, commands: own, limitMs, operation, isPipeline: true, mayRepeat, send })
          .catch((error: Error) => places.map(() => error))
        places.forEach((place, at) => {
          results[place] = replies[at] as Reply | Error
        })
      }),
    )
    return results
  }

  /**
   * When a pipeline that leaves now has been given up: an instant of the server's clock, whole ms. On the late side by what the clock may be off,
   * so that nothing is refused that is in time.
   */
  notAfterMs(commands: number): number {
    return Math.ceil(this.nowMs() + this.#budgetMs(commands) + this.#clockErrorMs)
  }

  #budgetMs(commands: number): number {
    return this.#options.timeoutMs * Math.ceil(commands / commandsPerBudget)
  }

  /** What one command may take. */
  get timeoutMs(): number {
    return this.#options.timeoutMs
  }

  /** For what the server itself refused as too late. */
  lateError(operation: string): DeadlineError {
    return lateError(this.#options.timeoutMs, operation)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#gates.end()
    await this.#client?.close()
  }

  /** Goes on in the background when nobody waits any more. One that failed is tried again by a later call. */
  #start(): Promise<void> {
    const attempt = this.#connectFirst()
    attempt.catch(() => {
      this.#attempt = undefined
    })
    return attempt
  }

  async #connectFirst(): Promise<void> {
    const client = await this.#make()
    await client.ready()
    await this.#measureClock(client)
    this.#isStarted = true
    if (this.#isClosed) await client.close()
    // After what the first calls send.
    else setImmediate(() => void this.#check(client))
  }

  /** In vain where the link is lost meanwhile, or a server is silent: nobody waits for it, and nothing depends on it. */
  async #check(client: Client): Promise<void> {
    this.#advice = await checkServers(client).catch(() => [])
    if (this.#isClosed || this.#advice.length === 0) return
    for (const listener of this.#adviceListeners) listener(this.#advice)
  }

  /** Once; again where it failed. */
  #make(): Promise<Client> {
    this.#clientMade ??= this.#connect().then(
      (client) => {
        this.#client = client
        client.onLink(() => this.#tellLink())
        return client
      },
      (error) => {
        this.#clientMade = undefined
        throw error
      },
    )
    return this.#clientMade
  }

  #tellLink(): void {
    if (this.#isClosed) return
    for (const listener of this.#linkListeners) listener()
    this.#tellUsable()
    this.#gates.hint()
  }

  #tellUsable(): void {
    for (const listener of this.#usableListeners) listener()
  }

  #tellBreaker(change: BreakerChange): void {
    if (this.#isClosed) return
    for (const listener of this.#breakerListeners) listener(change)
    if (change.state === 'half-open') this.#tellUsable()
  }

  /** The budget begins when there is a client: loading its package is not the server's time. */
  async #waitForFirst(attempt: Promise<void>): Promise<void> {
    try {
      await this.#make()
      const { clock, connectTimeoutMs } = this.#options
      await limit(attempt, connectTimeoutMs, () => lateError(connectTimeoutMs, 'connect'), deadlinesOf(clock))
    } catch (error) {
      this.#firstWait = undefined
      // Set up wrongly: the next call is told the same. All else is waited for no more.
      if (error instanceof UsageError) throw error
      this.#wasInVain = true
      if (error instanceof DeadlineError) return this.#rejectAway()
      throw error
    }
  }

  /** The client knows why there is no link. */
  async #rejectAway(): Promise<never> {
    await this.#client?.ready(AbortSignal.abort())
    throw awayError()
  }

  #keepClock(client: Client): void {
    const ageMs = this.#options.clock.monotonicMs() - this.#clockMeasuredAtMs
    // One that a busy process measured badly is measured again soon.
    if (ageMs < (this.#clockErrorMs > goodClockErrorMs ? badClockLifeMs : clockLifeMs)) return
    this.#measureClock(client).catch(() => undefined)
  }

  async #measureClock(client: Client): Promise<void> {
    const { clock } = this.#options
    const sentAtMs = epochMs(clock)
    this.#clockMeasuredAtMs = clock.monotonicMs()
    const reply = await client.send({ words: ['TIME'] })
    if (!Array.isArray(reply)) throw new ServerError('TIME was not answered with an array')
    const answeredAtMs = epochMs(clock)
    const serverMs = Number(String(reply[0])) * 1_000 + Number(String(reply[1])) / 1_000
    this.#clockErrorMs = (answeredAtMs - sentAtMs) / 2
    this.#serverAheadMs = serverMs - (sentAtMs + answeredAtMs) / 2
  }
}

function closedError(): StoreError {
  return new StoreError('TIERCEL_CLOSED', 'The store was closed.')
}
