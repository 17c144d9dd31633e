import { encodeError } from '../resp/error-reply.ts'
import type { Request } from '../resp/request.ts'
import { RequestReader } from '../resp/request-reader.ts'
import type { Ending } from './condition.ts'
import type { Decide, Decision } from './decision.ts'
import { joined, RepliesInOrder } from './replies-in-order.ts'
import { Session } from './session.ts'

export interface ConversationOptions {
  readonly toServer: (bytes: Buffer) => void
  readonly toClient: (bytes: Buffer) => void
  /** The client's side ends in this way. */
  readonly finish: (how: Ending) => void
  /** Both sides are told that the connection broke. */
  readonly reset: () => void
  readonly decide: Decide
  /** Whether something may be decided: then a request waits here until it has all come. */
  readonly mayDecide: () => boolean
  /** A command has come and was dealt with. */
  readonly onCommand: () => void
  /** From here on bytes pass as they come. */
  readonly onUntracked: (because: string) => void
}

const discard = Buffer.from('*1\r\n$7\r\nDISCARD\r\n')
const aborted = encodeError('EXECABORT Transaction discarded because of previous errors.')

/** What a client and a server say to each other on one connection, command by command; bytes as they come where nothing is decided. */
export class Conversation {
  readonly #options: ConversationOptions
  readonly #reader: RequestReader = new RequestReader()
  readonly #replies: RepliesInOrder
  readonly #session: Session = new Session()
  #out: Buffer[] = []
  /** Of a request that has not all come. */
  #held: Buffer[] = []
  /** The beginning of this request is on its way to the server: nothing can be decided about it. */
  #isHeadSent = false
  #isUntracked = false

  constructor(options: ConversationOptions) {
    this.#options = options
    const { toClient, finish } = options
    const onLost = (because: string, hasPromised: boolean): void => {
      this.#untrack(because)
      this.flush()
      if (hasPromised) options.reset()
    }
    this.#replies = new RepliesInOrder({ toClient, finish, onLost })
  }

  takeRequests(chunk: Buffer): void {
    if (this.#isUntracked) {
      this.#options.toServer(chunk)
      return
    }
    for (const { bytes, request, isLost } of this.#reader.read(chunk)) {
      this.#held.push(bytes)
      if (this.#isUntracked) this.#send()
      else if (request === 'empty') this.#pass()
      else if (isLost) this.#untrackRequests('the client sent what is no RESP')
      else if (request !== undefined) this.#deal(request)
    }
    if (this.#held.length > 0 && !this.#session.isBroken && !this.#options.mayDecide()) {
      this.#isHeadSent = true
      this.#send()
    }
    this.flush()
  }

  takeReplies(chunk: Buffer): void {
    this.#replies.take(chunk)
  }

  /** The client sends no more. */
  endRequests(): void {
    this.#send()
    this.flush()
  }

  endReplies(): void {
    this.#replies.end()
  }

  /** What has been dealt with leaves for the server now. */
  flush(): void {
    const out = this.#out
    this.#out = []
    if (out.length > 0) this.#options.toServer(joined(out))
  }

  #deal(request: Request): void {
    const session = this.#session
    const canDecide = !this.#isHeadSent && session.isReplied
    const isQueued = session.isQueued(request)
    const decision = canDecide ? this.#options.decide(request, { isQueued }) : undefined
    if (session.isBroken && request.name === 'EXEC') this.#discard(decision?.kind === 'instead' ? decision.reply : aborted)
    else if (decision?.kind === 'instead') this.#answer(request, decision.reply, isQueued)
    else this.#forward(request, decision)
    this.#isHeadSent = false
    this.#options.onCommand()
  }

  #answer({ name }: Request, reply: Buffer, isQueued: boolean): void {
    if (name === 'EXEC' && this.#session.isInTransaction) {
      this.#discard(reply)
      return
    }
    this.#held = []
    if (isQueued) this.#session.break()
    this.#replies.expect({ kind: 'own', reply })
  }

  /** The server gives the transaction up, and the client gets this reply to its EXEC. */
  #discard(reply: Buffer): void {
    this.#held = [discard]
    this.#send()
    this.#session.send({ name: 'DISCARD', args: [] })
    this.#replies.expect({ kind: 'replaced', reply })
  }

  #forward(request: Request, decision: Exclude<Decision, { readonly kind: 'instead' }> | undefined): void {
    this.#send()
    const expected = this.#session.send(request)
    if (expected?.kind === 'untracked') this.#untrackRequests(expected.because)
    else if (expected?.kind === 'reply' && decision?.kind === 'after') this.#replies.expect({ ...decision, kind: 'replaced' })
    else if (expected?.kind === 'reply' && decision?.kind === 'truncate') this.#replies.expect({ ...decision, kind: 'truncated' })
    else if (expected !== undefined) this.#replies.expect(expected)
  }

  /** Servers do not answer what is empty. */
  #pass(): void {
    this.#send()
    this.#isHeadSent = false
  }

  #send(): void {
    // Not spread over arguments: of a long request there may be as many pieces as bytes.
    for (const piece of this.#held) this.#out.push(piece)
    this.#held = []
  }

  /** Replies to what was sent before are still counted. */
  #untrackRequests(because: string): void {
    this.#untrack(because)
    this.#replies.expect({ kind: 'untracked', because })
  }

  #untrack(because: string): void {
    if (this.#isUntracked) return
    this.#isUntracked = true
    this.#send()
    this.#options.onUntracked(because)
  }
}
