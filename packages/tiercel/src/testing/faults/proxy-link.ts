import type { Socket } from 'node:net'
import type { Clock } from '../../kernel/clock.ts'
import type { Request } from '../resp/request.ts'
import { ByteFlow } from './byte-flow.ts'
import type { Condition } from './condition.ts'
import { Conversation } from './conversation.ts'
import type { Decision } from './decision.ts'
import { reset } from './reset.ts'

export type Direction = 'to-server' | 'to-client'

/** How much of what a client sent is remembered. */
const maxSentLength = 16_384

/** What a link is to be like, and is told of. */
export interface LinkRules {
  conditionOf(link: ProxyLink, direction: Direction): Condition
  /** 0 to 1. */
  random(link: ProxyLink, direction: Direction): number
  /** Whether `decide` may come to something. */
  readonly hasAnswers: boolean
  decide(link: ProxyLink, request: Request, isQueued: boolean): Decision | undefined
  onUntracked(link: ProxyLink, because: string): void
  onCut(link: ProxyLink, direction: Direction, byte: number): void
}

export interface LinkOptions {
  readonly clock: Clock
  readonly rules: LinkRules
  readonly onCommand: () => void
  readonly onClose: (link: ProxyLink) => void
}

/** One connection through the proxy, from a client to the server. */
export class ProxyLink {
  /** Counted from 1, in the order in which they were opened. */
  readonly number: number
  readonly #sockets: readonly Socket[]
  readonly #toServer: ByteFlow
  readonly #toClient: ByteFlow
  readonly #conversation: Conversation
  #sent = ''
  #commands = 0

  constructor(number: number, client: Socket, server: Socket, options: LinkOptions) {
    this.number = number
    this.#sockets = [client, server]
    this.#conversation = this.#converse(options)
    this.#toServer = this.#flow(client, server, 'to-server', options)
    this.#toClient = this.#flow(server, client, 'to-client', options)
    for (const socket of this.#sockets) {
      socket.setNoDelay(true)
      socket.on('close', () => {
        if (this.#sockets.every(({ destroyed }) => destroyed)) options.onClose(this)
      })
    }
  }

  /** Whether the client's first 16 KiB hold a text, such as the name of a command, in whatever case. */
  hasSent(text: string): boolean {
    return this.#sent.includes(text.toLowerCase())
  }

  /** How many commands have come, as far as it is understood what comes. */
  get commands(): number {
    return this.#commands
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

  /** The receiver in this direction sees an orderly end; the other direction goes on. */
  halfClose(direction: Direction): void {
    const flow = direction === 'to-server' ? this.#toServer : this.#toClient
    flow.finish('end')
  }

  /** What was understood until now leaves for the server before anything else is done. */
  flush(): void {
    this.#conversation.flush()
  }

  #converse({ rules, onCommand }: LinkOptions): Conversation {
    return new Conversation({
      toServer: (bytes) => this.#toServer.pass(bytes),
      toClient: (bytes) => this.#toClient.pass(bytes),
      finish: (how) => this.#toClient.finish(how),
      reset: () => this.kill('reset'),
      decide: (request, { isQueued }) => rules.decide(this, request, isQueued),
      mayDecide: () => rules.hasAnswers,
      onCommand: () => {
        this.#commands += 1
        onCommand()
      },
      onUntracked: (because) => rules.onUntracked(this, because),
    })
  }

  #flow(from: Socket, to: Socket, direction: Direction, { clock, rules }: LinkOptions): ByteFlow {
    const conversation = this.#conversation
    const isToServer = direction === 'to-server'
    return new ByteFlow({
      ...{ from, to, clock },
      condition: () => rules.conditionOf(this, direction),
      random: () => rules.random(this, direction),
      onBytes: (chunk) => {
        if (isToServer) this.#remember(chunk)
        if (isToServer) conversation.takeRequests(chunk)
        else conversation.takeReplies(chunk)
      },
      onEnd: () => (isToServer ? conversation.endRequests() : conversation.endReplies()),
      onCut: (byte) => rules.onCut(this, direction, byte),
    })
  }

  #remember(chunk: Buffer): void {
    if (this.#sent.length < maxSentLength) this.#sent += chunk.toString('latin1').toLowerCase()
  }
}
