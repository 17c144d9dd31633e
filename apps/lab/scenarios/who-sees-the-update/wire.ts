import { FaultProxy } from 'tiercel/testing'
import type { Fault } from '../faults.ts'
import { sharedClockMs } from '../shared-clock.ts'
import type { FaultId } from './parameters.ts'

export const faultLabels: Readonly<Record<FaultId, string>> = {
  cut: 'link cut',
  'half-open': 'link silent',
  mute: 'messages lost',
}

/** All connections of the other process to Valkey, and what is done to them. Moments are on the shared clock. */
export class Wire {
  readonly faults: Fault<FaultId>[] = []
  readonly #proxy: FaultProxy

  private constructor(proxy: FaultProxy) {
    this.#proxy = proxy
  }

  static async to(url: string): Promise<Wire> {
    const { hostname, port } = new URL(url)
    return new Wire(await FaultProxy.start({ host: hostname, port: Number(port || 6379) }))
  }

  /** @param url of the server; the same place on it, through this wire */
  through(url: string): string {
    const address = new URL(url)
    address.protocol = 'redis:'
    address.hostname = '127.0.0.1'
    address.port = String(this.#proxy.port)
    return address.href
  }

  break(id: FaultId): void {
    this.mend()
    this.faults.push({ id, fromMs: sharedClockMs(), toMs: undefined })
    if (id === 'half-open') this.#proxy.impose({ flow: 'drop' })
    // The connection on which messages come is known by what was said on it first.
    if (id === 'mute') {
      const where = (link: { hasSent(text: string): boolean }) => link.hasSent('subscribe') || link.hasSent('TRACKING')
      this.#proxy.impose({ flow: 'drop' }, { direction: 'to-client', where })
    }
    if (id === 'cut') {
      this.#proxy.refuse()
      this.#proxy.kill('reset')
    }
  }

  /** A connection that lost something breaks now: a stream with a hole in it is no stream. */
  mend(): void {
    const last = this.faults.at(-1)
    if (last !== undefined) last.toMs ??= sharedClockMs()
    this.#proxy.heal()
  }

  close(): Promise<void> {
    return this.#proxy.close()
  }
}
