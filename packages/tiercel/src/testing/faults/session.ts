import { type Request, words } from '../resp/request.ts'
import type { Expected } from './replies-in-order.ts'

const subscribing = words('subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe')
const streaming = words('monitor sync psync')
const neverQueued = words('exec discard multi watch quit reset')

/** What a connection's commands have made of it, as far as it says how many replies follow. */
export class Session {
  /** As asked for last: the server may refuse it yet. */
  #protocol = 2
  #replies: 'on' | 'off' | 'skip' = 'on'
  #transaction: 'none' | 'open' | 'broken' = 'none'

  /** Whether a command is put off until EXEC. */
  isQueued({ name }: Request): boolean {
    return this.#transaction !== 'none' && !neverQueued.has(name)
  }

  get isReplied(): boolean {
    return this.#replies === 'on'
  }

  /** Whether a command of the open transaction was refused without the server's knowledge: then its EXEC must not reach the server. */
  get isBroken(): boolean {
    return this.#transaction === 'broken'
  }

  get isInTransaction(): boolean {
    return this.#transaction !== 'none'
  }

  break(): void {
    this.#transaction = 'broken'
  }

  /** The command goes to the server. @returns what comes back for it; `undefined`: nothing */
  send(request: Request): Expected | undefined {
    const { name, args } = request
    const isQueued = this.isQueued(request)
    const word = args[0]?.toUpperCase()
    if (streaming.has(name)) return { kind: 'untracked', because: `${name} was sent` }
    if (name === 'CLIENT' && word === 'REPLY') return isQueued ? inTransaction(name) : this.#setReplies(args[1]?.toUpperCase())
    if (subscribing.has(name)) return isQueued ? inTransaction(name) : this.#subscribe(request)
    if (name === 'HELLO' && args.length > 0) return isQueued ? inTransaction(name) : this.#setProtocol(Number(args[0]))
    if (name === 'MULTI' && this.#transaction === 'none') this.#transaction = 'open'
    if (name === 'EXEC' || name === 'DISCARD') this.#transaction = 'none'
    if (name === 'RESET') this.#reset()
    return this.#reply()
  }

  #reply(onError?: () => void): Expected | undefined {
    const { isReplied } = this
    if (this.#replies === 'skip') this.#replies = 'on'
    return isReplied ? { kind: 'reply', ...(onError === undefined ? {} : { onError }) } : undefined
  }

  #setReplies(mode: string | undefined): Expected | undefined {
    if (mode === 'OFF') this.#replies = 'off'
    else if (mode === 'SKIP' && this.#replies === 'on') this.#replies = 'skip'
    else if (mode !== 'SKIP') {
      if (mode === 'ON') this.#replies = 'on'
      return this.#reply()
    }
    return undefined
  }

  #setProtocol(asked: number): Expected | undefined {
    const before = this.#protocol
    if (asked === 2 || asked === 3) this.#protocol = asked
    return this.#reply(() => {
      this.#protocol = before
    })
  }

  #subscribe({ name, args }: Request): Expected {
    if (this.#protocol === 2) return { kind: 'untracked', because: `${name} was sent in RESP2` }
    if (!this.isReplied || args.length === 0) return { kind: 'untracked', because: `nobody knows how many answers ${name} has here` }
    return { kind: 'confirmations', left: args.length }
  }

  #reset(): void {
    this.#protocol = 2
    this.#replies = 'on'
    this.#transaction = 'none'
  }
}

function inTransaction(name: string): Expected {
  return { kind: 'untracked', because: `${name} was sent in a transaction` }
}
