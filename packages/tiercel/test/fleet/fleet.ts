import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { FleetCall, FleetReply, FleetSetup } from './messages.ts'

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
  all(call: Omit<FleetCall, 'id'>): Promise<FleetReply[]> {
    return Promise.all(this.processes.map((process) => process.run(call)))
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.kill()))
  }
}

export class FleetProcess {
  readonly ready: Promise<unknown>
  readonly #child: ChildProcess
  readonly #exited: Promise<void>
  readonly #replies: Map<number, (reply: FleetReply) => void> = new Map()
  #lastId = 0
  #onLoad: (() => void) | undefined

  constructor(setup: FleetSetup) {
    const worker = fileURLToPath(new URL('./worker.ts', import.meta.url))
    this.#child = fork(worker, [JSON.stringify(setup)], { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#exited = new Promise((resolve) => this.#child.once('exit', () => resolve()))
    this.ready = this.#reply(-1)
    this.#child.on('message', (reply: FleetReply) => {
      if (reply.id === -2) this.#onLoad?.()
      this.#replies.get(reply.id)?.(reply)
    })
  }

  /** Resolves when its loader is called next. */
  loads(): Promise<void> {
    return new Promise((resolve) => (this.#onLoad = resolve))
  }

  run(call: Omit<FleetCall, 'id'>): Promise<FleetReply> {
    this.#lastId += 1
    const reply = this.#reply(this.#lastId)
    this.#child.send({ ...call, id: this.#lastId })
    return reply
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  #reply(id: number): Promise<FleetReply> {
    const answered = new Promise<FleetReply>((resolve) => this.#replies.set(id, resolve))
    const gone = this.#exited.then(() => Promise.reject(new Error('the process has gone')))
    return Promise.race([answered, gone]).finally(() => this.#replies.delete(id))
  }
}
