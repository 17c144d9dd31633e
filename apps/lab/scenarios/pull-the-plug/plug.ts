import { cause, type RunningServer, startStandalone } from '@tiercel/test-servers'
import { FaultProxy } from 'tiercel/testing'
import type { Fault } from '../faults.ts'
import { sharedClockMs } from '../shared-clock.ts'
import type { FaultId } from './parameters.ts'

export const faultLabels: Readonly<Record<FaultId, string>> = {
  kill: 'Valkey is gone',
  hang: 'Valkey hangs',
  cut: 'Valkey is cut off',
  slow: 'Valkey is slow',
  full: 'Valkey is full',
}

/** A Valkey that lives as long as the run, and all ways to it. Moments are on the shared clock. */
export class Plug {
  readonly faults: Fault<FaultId>[] = []
  readonly #server: RunningServer
  readonly #proxy: FaultProxy
  #mendNow: () => Promise<void> = async () => undefined
  /** One thing after the other: who mends a server must not meet one that is just being killed. */
  #last: Promise<void> = Promise.resolve()

  private constructor(server: RunningServer, proxy: FaultProxy) {
    this.#server = server
    this.#proxy = proxy
  }

  static async start(): Promise<Plug> {
    const server = await startStandalone()
    try {
      return new Plug(server, await FaultProxy.start({ host: server.host, port: server.port }))
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  /** Of what stands before the server. */
  get url(): string {
    return `redis://127.0.0.1:${this.#proxy.port}`
  }

  /** Such as `Valkey 9.1.2`. */
  get label(): string {
    return `${this.#server.kind === 'valkey' ? 'Valkey' : 'Redis'} ${this.#server.version}`
  }

  get current(): FaultId | undefined {
    const last = this.faults.at(-1)
    return last?.toMs === undefined ? last?.id : undefined
  }

  pull(id: FaultId): Promise<void> {
    return this.#next(async () => {
      await this.#mend()
      this.#mendNow = await cause(id, this.#server, this.#proxy)
      this.faults.push({ id, fromMs: sharedClockMs(), toMs: undefined })
    })
  }

  mend(): Promise<void> {
    return this.#next(() => this.#mend())
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined)
    await this.#proxy.close()
    await this.#server.stop()
  }

  #next(step: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(step, step)
    return this.#last
  }

  async #mend(): Promise<void> {
    const { current } = this
    if (current === undefined) return
    await this.#mendNow()
    const last = this.faults.at(-1)
    if (last !== undefined) last.toMs = sharedClockMs()
  }
}
