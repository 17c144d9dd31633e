import type { FleetCall, FleetReply, FleetSetup } from './messages.ts'
import { WorkerProcess } from './worker-process.ts'

/** Real processes, each with a cache of its own on one server. */
export class Fleet {
  readonly processes: readonly FleetProcess[]

  private constructor(processes: readonly FleetProcess[]) {
    this.processes = processes
  }

  static async start(size: number, setup: FleetSetup): Promise<Fleet> {
    const fleet = new Fleet(Array.from({ length: size }, () => new FleetProcess(setup)))
    await Promise.all(fleet.processes.map(({ ready }) => ready))
    return fleet
  }

  /** Told to all at the same time. */
  all(call: FleetCall): Promise<FleetReply[]> {
    return Promise.all(this.processes.map((process) => process.run(call)))
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.kill()))
  }
}

export class FleetProcess {
  readonly #worker: WorkerProcess<FleetCall, FleetReply>
  #onLoad: (() => void) | undefined

  constructor(setup: FleetSetup) {
    this.#worker = new WorkerProcess(new URL('./worker.ts', import.meta.url), setup, () => this.#onLoad?.())
  }

  get ready(): Promise<unknown> {
    return this.#worker.ready
  }

  /** Resolves when its loader is called next. */
  loads(): Promise<void> {
    return new Promise((resolve) => (this.#onLoad = resolve))
  }

  run(call: FleetCall): Promise<FleetReply> {
    return this.#worker.run(call)
  }

  kill(): Promise<void> {
    return this.#worker.kill()
  }
}
