import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { messageOf } from '../../format/message-of.ts'
import { type Crew, createCrew } from '../crew.ts'
import type { Finding, RunContext } from '../scenario.ts'
import { sharedClockMs } from '../shared-clock.ts'
import { finding, timeline } from './finding.ts'
import { LaneLog } from './lane-log.ts'
import { type FaultId, planOf, type parameters as schema } from './parameters.ts'
import { faultLabels, Plug } from './plug.ts'
import type { Assignment, Order, Report } from './protocol.ts'
import { hurtFromMs } from './verdict.ts'

type Context = RunContext<typeof schema>

const lookEveryMs = 10
const startTimeoutMs = 30_000
const stopTimeoutMs = 5_000

export async function run(context: Context): Promise<Finding> {
  const { lanes, parameters, progress, note } = context
  const logs = lanes.map((recorder) => new LaneLog(recorder, hurtFromMs(parameters)))
  progress(0, 'starting a Valkey of its own, and a process for each lane')
  const plug = await Plug.start()
  const crew = createCrew<Order, Report>(new URL('./worker.ts', import.meta.url), lanes.length)
  try {
    await crew.fill()
    note(`This run has a server of its own, ${plug.label}, which is gone with it. Nothing is done to the one of the other pages.`)
    const show = new Show(context, logs, crew, plug)
    await show.play()
    return finding({ parameters, logs, faults: plug.faults, fromMs: show.fromMs, toMs: show.toMs })
  } finally {
    await crew.close()
    await plug.close()
  }
}

/** One run, from the first read to the last. Lane and process have the same place. */
class Show {
  fromMs = 0
  toMs = 0
  readonly #context: Context
  readonly #logs: readonly LaneLog[]
  readonly #crew: Crew<Order, Report>
  readonly #plug: Plug
  readonly #opened = new Set<number>()
  readonly #stopped = new Set<number>()
  #broken: string | undefined

  constructor(context: Context, logs: readonly LaneLog[], crew: Crew<Order, Report>, plug: Plug) {
    this.#context = context
    this.#logs = logs
    this.#crew = crew
    this.#plug = plug
  }

  async play(): Promise<void> {
    const crew = this.#crew
    crew.listen((place, report) => this.#hear(place, report))
    for (const [place] of this.#logs.entries()) crew.send(place, { kind: 'open', assignment: this.#assignment(place) })
    await this.#until(() => this.#opened.size === this.#logs.length, startTimeoutMs)
    this.fromMs = sharedClockMs()
    this.toMs = this.fromMs + planOf(this.#context.parameters).lengthMs
    for (const log of this.#logs) log.fromMs = this.fromMs
    for (const place of crew.alive) crew.send(place, { kind: 'read' })
    for (const { recorder } of this.#logs) recorder.isWorking = true
    this.#context.onAction((action) => this.#act(action))
    this.#context.show(() => [timeline({ ...this.#drawn(), isLive: true })])
    await this.#follow()
    await this.#end()
    for (const { recorder } of this.#logs) recorder.isWorking = false
    if (this.#broken !== undefined) throw new Error(this.#broken)
    this.#sayWhatWasLost()
  }

  #drawn() {
    const { parameters } = this.#context
    return { parameters, logs: this.#logs, faults: this.#plug.faults, fromMs: this.fromMs, toMs: this.toMs }
  }

  async #follow(): Promise<void> {
    const { fault } = this.#context.parameters
    const { lengthMs, faultFromMs, faultToMs } = planOf(this.#context.parameters)
    const planned: readonly [number, string][] =
      fault === 'none'
        ? []
        : [
            [faultFromMs, fault],
            [faultToMs, 'mend'],
          ]
    const steps = [...planned]
    while (!this.#context.signal.aborted && this.#broken === undefined) {
      const elapsedMs = sharedClockMs() - this.fromMs
      while (steps[0] !== undefined && steps[0][0] <= elapsedMs) this.#act(steps.shift()?.[1] as string)
      if (elapsedMs >= lengthMs) break
      const { current } = this.#plug
      this.#context.progress(elapsedMs / lengthMs, current === undefined ? 'Valkey works' : faultLabels[current])
      await wait(lookEveryMs)
    }
    this.toMs = sharedClockMs()
  }

  #act(action: string): void {
    const done = action === 'mend' ? this.#plug.mend() : this.#plug.pull(action as FaultId)
    done.catch((error: unknown) => {
      this.#broken ??= `the server could not be handled: ${messageOf(error)}`
    })
  }

  /** Whoever still waits for the server has his answer, or his error, once it works. */
  async #end(): Promise<void> {
    this.#act('mend')
    const crew = this.#crew
    for (const place of crew.alive) crew.send(place, { kind: 'stop' })
    await this.#until(() => crew.alive.every((place) => this.#stopped.has(place)), stopTimeoutMs)
  }

  #hear(place: number, report: Report | undefined): void {
    const log = this.#logs[place] as LaneLog
    switch (report?.kind) {
      case undefined:
        if (!this.#context.signal.aborted) this.#broken ??= `${log.recorder.label}: its process ended by itself`
        return
      case 'opened':
        this.#opened.add(place)
        return
      case 'done':
        for (const load of report.loads) log.load(load)
        for (const change of report.changes) log.change(change)
        for (const read of report.reads) if (read.calledAtMs < this.toMs) log.add(read)
        return
      case 'stopped':
        this.#stopped.add(place)
        return
      case 'broken':
        this.#broken ??= `${log.recorder.label}: ${report.message}`
        return
      default:
    }
  }

  #sayWhatWasLost(): void {
    const { note } = this.#context
    for (const { recorder, lostChanges, changes } of this.#logs) {
      const [first] = lostChanges
      if (first === undefined) continue
      note(
        `${recorder.label}: of ${changes} changes, ${lostChanges.length} could not be told to Valkey, and nobody tells it later (${first.error}).`,
      )
    }
  }

  async #until(isThere: () => boolean, limitMs: number): Promise<void> {
    const givesUpAtMs = sharedClockMs() + limitMs
    while (!isThere() && this.#broken === undefined && sharedClockMs() < givesUpAtMs) await wait(lookEveryMs)
  }

  #assignment(place: number): Assignment {
    const { parameters, seed } = this.#context
    const { rate, keys, updateEvery, load, connections, ttl, l1 } = parameters
    return {
      approach: (this.#logs[place] as LaneLog).id,
      valkeyUrl: this.#plug.url,
      namespace: `lab-plug-${randomUUID()}`,
      ttlMs: ttl * 1000,
      hasL1: l1,
      ratePerSecond: rate,
      keys,
      updateEveryMs: updateEvery,
      loadMs: load,
      connections,
      seed,
    }
  }
}
