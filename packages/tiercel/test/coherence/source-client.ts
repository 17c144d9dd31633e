import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { type StampedValue, stampedValue } from '../../src/testing/index.ts'
import type { SourceAnswer, SourceRequest } from './messages.ts'

/** A process's connection to the source of truth. */
export class SourceClient {
  readonly #socket: Socket
  readonly #waiting: Map<number, (version: number) => void> = new Map()
  #lastId = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    createInterface({ input: socket }).on('line', (line) => {
      const { id, version } = JSON.parse(line) as SourceAnswer
      this.#waiting.get(id)?.(version)
      this.#waiting.delete(id)
    })
  }

  static async connect(port: number): Promise<SourceClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    return new SourceClient(socket)
  }

  async read(key: string): Promise<StampedValue> {
    return stampedValue(key, await this.#ask('read', key))
  }

  /** @returns what it holds from now on */
  async commit(key: string): Promise<StampedValue> {
    return stampedValue(key, await this.#ask('commit', key))
  }

  /** A change that gets a version and is never committed. */
  async abort(key: string): Promise<void> {
    await this.#ask('abort', key)
  }

  close(): void {
    this.#socket.destroy()
  }

  #ask(kind: SourceRequest['kind'], key: string): Promise<number> {
    this.#lastId += 1
    const request: SourceRequest = { id: this.#lastId, kind, key }
    this.#socket.write(`${JSON.stringify(request)}\n`)
    return new Promise((resolve) => this.#waiting.set(request.id, resolve))
  }
}
