import type { Socket } from 'node:net'
import { ByteFlow } from './byte-flow.ts'
import type { Condition } from './condition.ts'
import { reset } from './reset.ts'

export type Direction = 'to-server' | 'to-client'

/** How much of what a client sent is remembered. */
const maxSentLength = 16_384

export interface LinkOptions {
  readonly number: number
  readonly client: Socket
  readonly server: Socket
  readonly condition: (link: ProxyLink, direction: Direction) => Condition
  readonly random: () => number
  readonly onClose: (link: ProxyLink) => void
}

/** One connection through the proxy, from a client to the server. */
export class ProxyLink {
  /** Counted from 1, in the order in which they were opened. */
  readonly number: number
  readonly #sockets: readonly Socket[]
  readonly #toServer: ByteFlow
  readonly #toClient: ByteFlow
  #sent = ''

  constructor({ number, client, server, condition, random, onClose }: LinkOptions) {
    this.number = number
    this.#sockets = [client, server]
    const flow = (from: Socket, to: Socket, direction: Direction, onBytes: (chunk: Buffer) => void): ByteFlow =>
      new ByteFlow({ from, to, condition: () => condition(this, direction), random, onBytes })
    this.#toServer = flow(client, server, 'to-server', (chunk) => this.#remember(chunk))
    this.#toClient = flow(server, client, 'to-client', () => undefined)
    for (const socket of this.#sockets) {
      socket.setNoDelay(true)
      socket.on('close', () => {
        if (this.#sockets.every(({ destroyed }) => destroyed)) onClose(this)
      })
    }
  }

  /** Whether the client's first 16 KiB hold a text, such as the name of a command, in whatever case. */
  hasSent(text: string): boolean {
    return this.#sent.includes(text.toLowerCase())
  }

  get bytesToServer(): number {
    return this.#toServer.passedBytes
  }

  get bytesToClient(): number {
    return this.#toClient.passedBytes
  }

  get droppedBytes(): number {
    return this.#toServer.droppedBytes + this.#toClient.droppedBytes
  }

  update(): void {
    this.#toServer.update()
    this.#toClient.update()
  }

  /** `reset`: both ends are told at once that it broke. `end`: both see an orderly end. */
  kill(how: 'reset' | 'end'): void {
    for (const socket of this.#sockets) {
      if (how === 'reset') reset(socket)
      else socket.destroySoon()
    }
    this.#toServer.stop()
    this.#toClient.stop()
  }

  #remember(chunk: Buffer): void {
    if (this.#sent.length < maxSentLength) this.#sent += chunk.toString('latin1').toLowerCase()
  }
}
