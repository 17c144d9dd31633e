import { type Reply, ReplyReader } from '../resp/reply-reader.ts'
import type { Ending } from './condition.ts'
import { Queue } from './queue.ts'

/** What comes back for a command, in the order of the commands. */
export type Expected =
  /** One reply. @param onError told when it is an error */
  | { readonly kind: 'reply'; readonly onError?: () => void }
  /** So many pushes that confirm subscriptions, or one error. */
  | { readonly kind: 'confirmations'; left: number }
  /** One reply, and this is given instead. */
  | { readonly kind: 'replaced'; readonly reply: Buffer }
  /** One reply, of which the first bytes are given. */
  | { readonly kind: 'truncated'; readonly firstBytes: number; readonly then: Ending }
  /** Nothing, and this is given. */
  | { readonly kind: 'own'; readonly reply: Buffer }
  /** From here on nobody counts. */
  | { readonly kind: 'untracked'; readonly because: string }

export interface RepliesOptions {
  readonly toClient: (bytes: Buffer) => void
  /** The client's side ends in this way. */
  readonly finish: (how: Ending) => void
  /** @param hasPromised replies were still to be given that now have no place */
  readonly onLost: (because: string, hasPromised: boolean) => void
}

/** The server's side of a connection: gives its replies to the client, some of them changed, and others in between, each in its place. */
export class RepliesInOrder {
  readonly #options: RepliesOptions
  readonly #reader: ReplyReader = new ReplyReader()
  readonly #expected: Queue<Expected> = new Queue()
  #out: Buffer[] = []
  /** Of a reply that is not given as it comes. */
  #held: Buffer[] = []
  #isHolding = false
  #isUntracked = false

  constructor(options: RepliesOptions) {
    this.#options = options
  }

  expect(expected: Expected): void {
    this.#expected.add(expected)
    if (this.#reader.isBetweenReplies) this.#giveOwn()
    this.#flush()
  }

  /** Takes what the server sent. */
  take(chunk: Buffer): void {
    if (this.#isUntracked) {
      this.#options.toClient(chunk)
      return
    }
    let isStart = this.#reader.isBetweenReplies
    for (const { bytes, reply, isLost } of this.#reader.read(chunk)) {
      if (isStart) this.#isHolding = !this.#isUntracked && isHeld(this.#expected.first)
      isStart = reply !== undefined
      ;(this.#isHolding ? this.#held : this.#out).push(bytes)
      if (this.#isUntracked) continue
      if (isLost) this.#lose('the server sent what is no RESP')
      else if (reply !== undefined) this.#end(reply)
    }
    this.#flush()
  }

  /** The server sends no more. */
  end(): void {
    this.#give(this.#held)
    this.#held = []
    this.#flush()
  }

  #end(reply: Reply): void {
    const held = this.#held
    this.#held = []
    const next = this.#expected.first
    if (reply.isPush) {
      this.#give(held)
      if (next?.kind === 'confirmations' && isConfirmation(reply)) next.left -= 1
      if (next?.kind === 'confirmations' && next.left === 0) this.#expected.removeFirst()
    } else {
      this.#expected.removeFirst()
      if (next === undefined || (next.kind === 'confirmations' && !reply.isError)) this.#lose('a reply came that no command is known for')
      else if (next.kind === 'reply' && reply.isError) next.onError?.()
      else if (next.kind === 'replaced') this.#out.push(next.reply)
      else if (next.kind === 'truncated') this.#truncate(Buffer.concat(held), next)
    }
    this.#giveOwn()
  }

  #truncate(reply: Buffer, { firstBytes, then }: { readonly firstBytes: number; readonly then: Ending }): void {
    this.#out.push(reply.subarray(0, firstBytes))
    this.#flush()
    this.#isUntracked = true
    this.#options.finish(then)
  }

  /** Not spread over arguments: of a long reply there may be as many pieces as bytes. */
  #give(pieces: readonly Buffer[]): void {
    for (const piece of pieces) this.#out.push(piece)
  }

  #giveOwn(): void {
    for (let next = this.#expected.first; next !== undefined && !this.#isUntracked; next = this.#expected.first) {
      if (next.kind === 'untracked') this.#isUntracked = true
      else if (next.kind === 'own') this.#out.push(next.reply)
      else return
      this.#expected.removeFirst()
    }
  }

  #lose(because: string): void {
    this.#give(this.#held)
    this.#held = []
    this.#flush()
    this.#isUntracked = true
    this.#options.onLost(because, this.#expected.some(isPromised))
  }

  #flush(): void {
    const out = this.#out
    this.#out = []
    if (out.length > 0) this.#options.toClient(joined(out))
  }
}

function isHeld(expected: Expected | undefined): boolean {
  return expected?.kind === 'replaced' || expected?.kind === 'truncated'
}

function isPromised(expected: Expected): boolean {
  return isHeld(expected) || expected.kind === 'own'
}

function isConfirmation({ head }: Reply): boolean {
  return /^>\d+\r\n\$\d+\r\n[ps]?(un)?subscribe\r\n/.test(head)
}

/** One piece of several; itself when it is alone. */
export function joined(pieces: readonly Buffer[]): Buffer {
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
}
