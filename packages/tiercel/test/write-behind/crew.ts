import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningServer, startStandalone } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import type { CarryOptions, WriteBehindOptions } from '../../src/patterns/write-behind/index.ts'
import { WorkerProcess } from '../fleet/worker-process.ts'
import type { Ends } from '../integration/ends.ts'
import type { CarrierSetup } from './carrier-setup.ts'
import { newName, type OpenLog, openLog, template } from './opened.ts'
import { reportOf, type SourceFaults, type SourceReport } from './valkey-source.ts'

export interface CrewPlan {
  readonly workers: number
  readonly partitions: number
  readonly carry: CarryOptions
  readonly faults: SourceFaults
  readonly log?: Partial<WriteBehindOptions>
}

/** A log on a server that keeps what it has, a source on another, and processes that carry. */
export class Crew {
  readonly name: string = newName()
  readonly server: RunningServer
  readonly opened: OpenLog
  readonly workers: WorkerProcess<object, object>[] = []
  /** What was acknowledged, by id and in order. */
  readonly acknowledged: Map<number, string[]> = new Map()
  readonly #next: Map<number, number> = new Map()
  /** Writes of which it is not known whether they are in the log. */
  unknown = 0
  readonly #plan: CrewPlan
  readonly #sourceUrl: string
  readonly #source: Redis
  readonly #admin: Redis

  private constructor(plan: CrewPlan, server: RunningServer, source: RunningServer, ends: Ends) {
    this.#plan = plan
    this.server = server
    this.#sourceUrl = source.url
    this.#source = new Redis(source.url)
    this.#admin = new Redis(server.url)
    this.#admin.on('error', () => undefined)
    const { partitions } = plan
    this.opened = openLog(server.url, ends, { worker: false, name: this.name, partitions, timeout: '2s', ...plan.log })
    ends.push(
      () => this.#source.disconnect(),
      () => this.#admin.disconnect(),
      () => Promise.all(this.workers.map((worker) => worker.kill())),
    )
  }

  static async start(plan: CrewPlan, ends: Ends): Promise<Crew> {
    const config = { appendonly: 'yes', appendfsync: 'everysec' }
    const [server, source] = await Promise.all([startStandalone({ config }), startStandalone()])
    ends.push(
      () => server.stop(),
      () => source.stop(),
    )
    const crew = new Crew(plan, server, source, ends)
    await Promise.all(Array.from({ length: plan.workers }, () => crew.hire()))
    return crew
  }

  async hire(): Promise<WorkerProcess<object, object>> {
    const { carry, faults, partitions } = this.#plan
    const setup: CarrierSetup = {
      logUrl: this.server.url,
      sourceUrl: this.#sourceUrl,
      name: this.name,
      template,
      faults,
      options: { ...carry, partitions },
    }
    const worker = new WorkerProcess<object, object>(new URL('./carrier.ts', import.meta.url), setup)
    this.workers.push(worker)
    await worker.ready
    return worker
  }

  async fire(worker: WorkerProcess<object, object>): Promise<void> {
    this.workers.splice(this.workers.indexOf(worker), 1)
    await worker.kill()
  }

  /** Writes `0`, `1`, … to an id, one after the other, until so many are acknowledged; one that was not is not written again. */
  async writeTo(id: number, writes: number, value: (at: number) => string = String): Promise<void> {
    const list = this.acknowledged.get(id) ?? []
    this.acknowledged.set(id, list)
    while (list.length < writes) {
      const at = this.#next.get(id) ?? 0
      this.#next.set(id, at + 1)
      try {
        await this.opened.put(id, value(at))
        list.push(value(at))
      } catch {
        this.unknown += 1
        await sleep(20)
      }
    }
  }

  /** How many partitions a process owns, as the server knows it. */
  async ownedBy(pid: number): Promise<number> {
    const { partitions } = this.#plan
    const owners = await Promise.all(
      Array.from({ length: partitions }, (_, at) => this.#admin.hget(`tc1:q:{${this.name}:${at}}:m`, 'owner')),
    )
    return owners.filter((owner) => owner?.startsWith(`${pid}-`)).length
  }

  report(): Promise<SourceReport> {
    return reportOf(this.#source, this.acknowledged.size)
  }
}

/** Of each id: what was acknowledged and did not arrive, and how often something arrived before what was written before it. */
export function judge(
  acknowledged: ReadonlyMap<number, readonly string[]>,
  { applied }: SourceReport,
): { lost: string[]; outOfOrder: string[] } {
  const lost: string[] = []
  const outOfOrder: string[] = []
  for (const [id, written] of acknowledged) {
    const arrived = applied.get(id) ?? []
    const places = new Set(arrived)
    lost.push(...written.filter((value) => !places.has(value)).map((value) => `${id}: ${value}`))
    const numbers = arrived.map((value) => Number.parseInt(value, 10))
    outOfOrder.push(
      ...arrived.filter((_, at) => at > 0 && (numbers[at] as number) <= (numbers[at - 1] as number)).map((value) => `${id}: ${value}`),
    )
  }
  return { lost, outOfOrder }
}
