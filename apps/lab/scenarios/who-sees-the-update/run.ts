import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { messageOf } from '../../format/message-of.ts'
import { forgetNamespace } from '../../measure/forget-namespace.ts'
import { type Crew, createCrew } from '../crew.ts'
import type { Finding, RunContext } from '../scenario.ts'
import { sharedClockMs } from '../shared-clock.ts'
import { keyOf } from './approaches/open.ts'
import { finding, timeline } from './finding.ts'
import { createGates, type Gates } from './gates.ts'
import { LaneLog } from './lane-log.ts'
import { type FaultId, type Plan, planOf, type parameters as schema } from './parameters.ts'
import type { ApproachId, Assignment, Order, Report } from './protocol.ts'
import { Wire } from './wire.ts'

type Context = RunContext<typeof schema>

const lookEveryMs = 10
const stopTimeoutMs = 5_000
const startTimeoutMs = 20_000
/** Of the two processes. */
const writer = 0
const reader = 1

export async function run(context: Context): Promise<Finding> {
  const { lab, lanes, parameters, progress } = context
  const logs = lanes.map((recorder) => new LaneLog(recorder))
  const namespace = `lab-update-${randomUUID()}`
  progress(0, 'starting two processes')
  const crew = createCrew<Order, Report>(new URL('./worker.ts', import.meta.url), 2)
  const wire = await Wire.to(lab.valkey.url)
  const ids = logs.map(({ id }) => id)
  const gates = await createGates(lab.airport, ids)
  try {
    await crew.fill()
    const show = new Show({ context, logs, crew, wire, gates, namespace, plan: planOf(parameters) })
    await show.play()
    return finding({ parameters, logs, wire, fromMs: show.fromMs, toMs: show.toMs, updates: show.updatesAtMs })
  } finally {
    await crew.close()
    await wire.close()
    await gates.drop()
    await forget(lab.valkey.url, namespace, ids)
  }
}

interface ShowOptions {
  readonly context: Context
  readonly logs: readonly LaneLog[]
  readonly crew: Crew<Order, Report>
  readonly wire: Wire
  readonly gates: Gates
  readonly namespace: string
  readonly plan: Plan
}

/** One run, from the first read to the last. */
class Show {
  readonly updatesAtMs: number[] = []
  fromMs = 0
  toMs = 0
  readonly #options: ShowOptions
  readonly #opened = new Set<number>()
  readonly #stopped = new Set<number>()
  #underWay = 0
  #broken: string | undefined

  constructor(options: ShowOptions) {
    this.#options = options
  }

  async play(): Promise<void> {
    const { context, crew, logs } = this.#options
    crew.listen((place, report) => this.#hear(place, report))
    crew.send(writer, { kind: 'open', assignment: this.#assignment('writer') })
    await this.#until(() => this.#opened.has(writer), startTimeoutMs)
    crew.send(reader, { kind: 'open', assignment: this.#assignment('reader') })
    await this.#until(() => this.#opened.has(reader), startTimeoutMs)
    this.fromMs = sharedClockMs()
    this.toMs = this.fromMs + this.#options.plan.lengthMs
    crew.send(reader, { kind: 'read' })
    for (const { recorder } of logs) recorder.isWorking = true
    context.onAction((action) => this.#act(action))
    context.show(() => [timeline({ ...this.#drawn(), isLive: true })])
    await this.#follow()
    await this.#end()
    for (const { recorder } of logs) recorder.isWorking = false
    if (this.#broken !== undefined) throw new Error(this.#broken)
    for (const { recorder, trouble } of logs) {
      if (trouble !== undefined) context.note(`${recorder.label}: an update could not be told to Valkey (${trouble}).`)
    }
  }

  #drawn() {
    const { context, logs, wire } = this.#options
    return { parameters: context.parameters, logs, wire, fromMs: this.fromMs, toMs: this.toMs, updates: this.updatesAtMs }
  }

  /** The plan, moment by moment; the link breaks, and is mended, when what was changed before has been told. */
  async #follow(): Promise<void> {
    const { context, plan, wire } = this.#options
    const { fault } = context.parameters
    const updates = plan.updatesAtMs.map((atMs): [number, () => void] => [atMs, () => this.#update()])
    const steps = [...updates]
    let isToBreak = fault !== 'none'
    let isToMend = fault !== 'none'
    while (!context.signal.aborted && this.#broken === undefined) {
      const elapsedMs = sharedClockMs() - this.fromMs
      const mayGoOn = (atMs: number) => atMs <= elapsedMs && (!isToBreak || atMs < plan.faultFromMs)
      while (steps[0] !== undefined && mayGoOn(steps[0][0])) steps.shift()?.[1]()
      if (isToBreak && elapsedMs >= plan.faultFromMs && this.#underWay === 0) {
        isToBreak = false
        if (fault !== 'none') wire.break(fault)
      }
      if (isToMend && elapsedMs >= plan.faultToMs && this.#underWay === 0) {
        isToMend = false
        wire.mend()
      }
      if (elapsedMs >= plan.lengthMs) break
      context.progress(elapsedMs / plan.lengthMs, this.#activity())
      await wait(lookEveryMs)
    }
    this.toMs = sharedClockMs()
  }

  #activity(): string {
    const { wire } = this.#options
    const fault = wire.faults.at(-1)
    const isBroken = fault !== undefined && fault.toMs === undefined
    return isBroken ? { cut: 'the link is cut', 'half-open': 'the link is silent', mute: 'messages are lost' }[fault.id] : 'the link is up'
  }

  #act(action: string): void {
    const { wire } = this.#options
    if (action === 'update') this.#update()
    else if (action === 'mend') wire.mend()
    else wire.break(action as FaultId)
  }

  #update(): void {
    this.updatesAtMs.push(sharedClockMs())
    this.#underWay++
    this.#options.crew.send(writer, { kind: 'update' })
  }

  async #end(): Promise<void> {
    const { crew, wire } = this.#options
    for (const place of crew.alive) crew.send(place, { kind: 'stop' })
    await this.#until(() => crew.alive.every((place) => this.#stopped.has(place)), stopTimeoutMs)
    wire.mend()
  }

  #hear(place: number, report: Report | undefined): void {
    const { context } = this.#options
    switch (report?.kind) {
      case undefined:
        if (!context.signal.aborted) this.#broken ??= `the ${place === writer ? 'writing' : 'reading'} process ended by itself`
        return
      case 'opened':
        this.#opened.add(place)
        return
      case 'ask':
        void this.#ask(place, report)
        return
      case 'reads':
        for (const read of report.reads) if (read.askedAtMs < this.toMs) this.#log(read.approach).add(read)
        return
      case 'updated':
        this.#underWay--
        return
      case 'trouble':
        this.#log(report.approach).trouble = report.message
        return
      case 'stopped':
        this.#stopped.add(place)
        return
      case 'broken':
        this.#broken ??= report.message
        return
      default:
    }
  }

  async #ask(place: number, { request, approach, what }: Extract<Report, { kind: 'ask' }>): Promise<void> {
    const { crew, gates } = this.#options
    const log = this.#log(approach)
    const load = { startMs: sharedClockMs(), endMs: undefined as number | undefined, hasFailed: false }
    if (what === 'load' && place === reader && this.fromMs > 0) log.loads.push(load)
    try {
      const row = await (what === 'load' ? gates.read(approach) : gates.change(approach))
      load.endMs = sharedClockMs()
      if (what === 'change') log.committed(row.version, load.endMs)
      crew.send(place, { kind: 'answer', request, row })
    } catch (error) {
      load.endMs = sharedClockMs()
      load.hasFailed = true
      crew.send(place, { kind: 'refuse', request, message: messageOf(error) })
    }
  }

  #log(approach: ApproachId): LaneLog {
    return this.#options.logs.find(({ id }) => id === approach) as LaneLog
  }

  async #until(isThere: () => boolean, limitMs: number): Promise<void> {
    const givesUpAtMs = sharedClockMs() + limitMs
    while (!isThere() && this.#broken === undefined && sharedClockMs() < givesUpAtMs) await wait(lookEveryMs)
  }

  #assignment(role: Assignment['role']): Assignment {
    const { context, logs, namespace, wire } = this.#options
    const { ttl, maxStaleness, readEvery } = context.parameters
    const { url } = context.lab.valkey
    return {
      role,
      approaches: logs.map(({ id }) => id),
      valkeyUrl: role === 'reader' ? wire.through(url) : url.replace(/^valkey/, 'redis'),
      namespace,
      ttlMs: ttl * 1000,
      maxStalenessMs: maxStaleness,
      readEveryMs: readEvery,
    }
  }
}

async function forget(url: string, namespace: string, approaches: readonly ApproachId[]): Promise<void> {
  const client = createClient({ url: url.replace(/^valkey/, 'redis'), socket: { reconnectStrategy: false } })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.unlink(approaches.map((approach) => keyOf(namespace, approach)))
  } catch {
    // The server is away, or takes them away itself when their time is over.
  } finally {
    client.destroy()
  }
  await forgetNamespace(url, namespace)
}
