import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A server that answers with what it was sent, and remembers it. */
export class EchoServer {
  readonly #listener: Server
  readonly sockets: Socket[] = []
  /** As they came, of all connections. */
  readonly chunks: Buffer[] = []

  private constructor() {
    this.#listener = createServer({ allowHalfOpen: true }, (socket) => {
      this.sockets.push(socket)
      socket.on('data', (chunk: Buffer) => {
        this.chunks.push(chunk)
        socket.write(chunk)
      })
      socket.on('end', () => socket.end('bye'))
      socket.on('error', () => undefined)
    })
  }

  static async start(): Promise<EchoServer> {
    const server = new EchoServer()
    server.#listener.listen(0, '127.0.0.1')
    await once(server.#listener, 'listening')
    return server
  }

  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: (this.#listener.address() as AddressInfo).port }
  }

  get received(): string {
    return Buffer.concat(this.chunks).toString()
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#listener.close(resolve))
    for (const socket of this.sockets) socket.destroy()
    await closed
  }
}

/** A connection, and what came of it. */
export class EchoClient {
  readonly socket: Socket
  readonly chunks: Buffer[] = []
  /** How it ended, when it has: an error's code, or nothing after an orderly end. */
  readonly closed: Promise<string | undefined>

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.socket.on('data', (chunk: Buffer) => this.chunks.push(chunk))
    let code: string | undefined
    this.socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code))
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve(code)))
  }

  static async open(port: number): Promise<EchoClient> {
    const client = new EchoClient(port)
    await once(client.socket, 'connect')
    return client
  }

  get received(): string {
    return Buffer.concat(this.chunks).toString()
  }

  send(text: string): void {
    this.socket.write(text)
  }
}
