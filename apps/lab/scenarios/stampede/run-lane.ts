import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { messageOf } from '../../format/message-of.ts'
import { forgetNamespace } from '../../measure/forget-namespace.ts'
import type { LaneRecorder, RunContext } from '../scenario.ts'
import { sharedClockMs } from '../shared-clock.ts'
import { keysOf } from './approaches/open.ts'
import type { Crew } from './crew.ts'
import { LaneLog } from './lane-log.ts'
import { graceOf, type parameters as schema } from './parameters.ts'
import type { ApproachId, Assignment, Report } from './protocol.ts'
import { Source } from './source.ts'

export type Context = RunContext<typeof schema>

const lookEveryMs = 20
const stopTimeoutMs = 10_000
/** So that the first reads of all processes come in their turn, and not with the message. */
const headStartMs = 60

export interface LaneOptions {
  readonly recorder: LaneRecorder
  readonly crew: Crew
  work(): Promise<readonly unknown[]>
  onExpiry(over: number): void
}

/** One lane from a cold start to the last of its expiries. */
export async function runLane(context: Context, options: LaneOptions): Promise<LaneLog> {
  const { recorder, crew } = options
  const { parameters, lab } = context
  const namespace = `lab-herd-${randomUUID()}`
  const log = new LaneLog(recorder)
  const source = new Source({
    work: () => options.work(),
    quietMs: parameters.ttl / 4,
    isAlive: (place) => crew.alive.includes(place),
  })
  await crew.fill()
  const counter = await countCommands(lab.valkey.url)
  try {
    await new LaneRun(context, options, source, log, namespace).measure()
    log.commands = await counter.sinceStart()
  } finally {
    log.loads = source.loads
    counter.close()
    await source.idle()
    await forget(lab.valkey.url, namespace)
  }
  return log
}

class LaneRun {
  readonly #context: Context
  readonly #options: LaneOptions
  readonly #source: Source
  readonly #log: LaneLog
  readonly #namespace: string
  readonly #connected = new Set<number>()
  readonly #stopped = new Set<number>()
  #broken: string | undefined
  #isKillPlanned = false

  constructor(context: Context, options: LaneOptions, source: Source, log: LaneLog, namespace: string) {
    this.#context = context
    this.#options = options
    this.#source = source
    this.#log = log
    this.#namespace = namespace
  }

  async measure(): Promise<void> {
    const { crew, recorder } = this.#options
    crew.listen((place, report) => this.#hear(place, report))
    for (const place of crew.alive) crew.send(place, { kind: 'connect', assignment: this.#assignment(place) })
    await this.#until(() => crew.alive.every((place) => this.#connected.has(place)))
    recorder.isWorking = true
    this.#begin()
    await this.#watchExpiries()
    await this.#end()
    recorder.isWorking = false
    if (this.#broken !== undefined) throw new Error(`${recorder.label}: ${this.#broken}`)
  }

  /** Reads of the processes come one after the other, as evenly as they can. */
  #begin(): void {
    const { crew } = this.#options
    const { alive } = crew
    const gapMs = 1000 / this.#context.parameters.rate / alive.length
    const startsAtMs = sharedClockMs() + headStartMs
    for (const [turn, place] of alive.entries()) crew.send(place, { kind: 'read', startsAtMs: startsAtMs + turn * gapMs })
  }

  async #watchExpiries(): Promise<void> {
    const { parameters, signal } = this.#context
    const givesUpAtMs = sharedClockMs() + budgetMs(parameters)
    let over = -1
    await this.#until(() => {
      if (this.#source.expiriesOver > over) {
        over = this.#source.expiriesOver
        if (over === 0) this.#log.fromMs = sharedClockMs()
        this.#options.onExpiry(over)
      }
      return over >= parameters.expiries || sharedClockMs() >= givesUpAtMs
    })
    this.#log.toMs = sharedClockMs()
    if (over < parameters.expiries) this.#log.endedBy = signal.aborted ? 'signal' : 'budget'
  }

  /** What is under way is waited for, but not for ever: a process that does not end is killed, and another comes for the next lane. */
  async #end(): Promise<void> {
    const { crew } = this.#options
    for (const place of crew.alive) crew.send(place, { kind: 'stop' })
    const givesUpAtMs = sharedClockMs() + (this.#context.signal.aborted ? 0 : stopTimeoutMs)
    const isOver = () => crew.alive.every((place) => this.#stopped.has(place))
    while (!isOver() && sharedClockMs() < givesUpAtMs && this.#broken === undefined) await wait(lookEveryMs)
    for (const place of crew.alive) if (!this.#stopped.has(place)) crew.kill(place)
  }

  #hear(place: number, report: Report | undefined): void {
    switch (report?.kind) {
      case undefined:
        if (!this.#context.signal.aborted) this.#broken ??= `process ${place + 1} ended by itself`
        return
      case 'connected':
        this.#connected.add(place)
        return
      case 'load':
        void this.#load(place, report.request, report.replaces)
        return
      case 'reads':
        for (const read of report.reads) this.#log.add(read, this.#expiryAt(read.calledAtMs))
        return
      case 'stopped':
        this.#log.storeErrors += report.storeErrors
        this.#log.lostLeases += report.lostLeases
        this.#stopped.add(place)
        return
      case 'broken':
        this.#broken ??= report.message
        return
      default:
    }
  }

  async #load(place: number, request: number, replaces: number | undefined): Promise<void> {
    const { crew } = this.#options
    const loading = this.#source.load(place, replaces)
    this.#planKill(place)
    try {
      crew.send(place, { kind: 'loaded', request, ...(await loading) })
    } catch (error) {
      crew.send(place, { kind: 'load-failed', request, message: messageOf(error) })
    }
  }

  /** The first load that is counted is cut short in its middle, as far as that can be foreseen; where it was quicker, the next one. */
  #planKill(place: number): void {
    const load = this.#source.loads.at(-1)
    if (!this.#context.parameters.kill || this.#isKillPlanned || load === undefined || load.expiry < 1) return
    this.#isKillPlanned = true
    const kill = () => {
      this.#isKillPlanned = load.end === undefined
      if (!this.#isKillPlanned) return
      const atMs = sharedClockMs()
      this.#log.kill = { atMs, loadedForMs: atMs - load.startMs, place, expiry: load.expiry }
      this.#options.crew.kill(place)
    }
    setTimeout(kill, (this.#source.typicalMs ?? 0) / 2)
  }

  #expiryAt(atMs: number): number {
    return this.#source.loads.findLast(({ startMs }) => startMs <= atMs)?.expiry ?? 0
  }

  async #until(isThere: () => boolean): Promise<void> {
    while (!isThere() && !this.#context.signal.aborted && this.#broken === undefined) await wait(lookEveryMs)
  }

  #assignment(place: number): Assignment {
    const { parameters, lab, seed } = this.#context
    const { rate, ttl, lease, beta } = parameters
    const approach = this.#options.recorder.id as ApproachId
    return {
      approach,
      process: place,
      valkeyUrl: lab.valkey.url,
      namespace: this.#namespace,
      ratePerSecond: rate,
      ttlMs: ttl,
      graceMs: graceOf(parameters),
      leaseMs: lease,
      beta,
      seed: `${seed}/${approach}/${place}`,
    }
  }
}

/** Enough for a herd that waits in line and a lease that runs out; a lane that needs more ends early and says so. */
function budgetMs({ ttl, lease, load, expiries }: Context['parameters']): number {
  return (expiries + 1) * (2 * ttl + 4 * load) + 2 * lease + 5000
}

/** Commands that the server has done, whoever sent them. */
async function countCommands(url: string) {
  const client = createClient({ url })
  client.on('error', () => undefined)
  await client.connect()
  const read = async () => Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))?.[1])
  const first = await read()
  return { sinceStart: async () => (await read()) - first, close: () => client.destroy() }
}

async function forget(url: string, namespace: string): Promise<void> {
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.unlink(Object.values(keysOf(namespace)))
  } catch {
    // The server is away, or takes them away itself when their time is over.
  } finally {
    client.destroy()
  }
  await forgetNamespace(url, namespace)
}
