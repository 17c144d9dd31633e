import { UsageError } from '../kernel/errors.ts'
import type { Reply, Word } from './client.ts'
import type { Ioredis } from './ioredis-shape.ts'
import { folderOf, toClientError } from './reply.ts'
import { lost, unavailable } from './unavailable.ts'

/** One command on its way through ioredis. */
export interface IoredisCommand {
  readonly promise: Promise<Reply>
  readonly isWritten: boolean
  /** The link broke: rejects, and makes sure that the words are not written any more. */
  abandon(): void
}

export type IoredisCommandClass = new (words: readonly Word[]) => IoredisCommand

const ping = '*1\r\n$4\r\nPING\r\n'
const noWords: readonly string[] = Object.freeze([])
const classes = new WeakMap<object, IoredisCommandClass>()

/**
 * The class of our commands for one copy of ioredis or iovalkey, which takes a command as an object that it writes and then
 * settles itself. Ours is one promise and nothing else (theirs: 1.3 times the CPU time per command); it hands out no words
 * (errors of ioredis carry `command.args`), skips reply transformers, and keeps the client from **executing anything
 * twice**: ioredis writes unanswered commands again after a reconnect (`autoResendUnfulfilledCommands`, on by default). Asked
 * for its bytes a second time, this command has been rejected already and gives a `PING` instead, whose answer it swallows.
 */
export function ioredisCommandClass(clientName: string, live: Ioredis): IoredisCommandClass {
  const theirs = theirPrototype(live)
  let known = classes.get(theirs)
  if (known === undefined) {
    known = defineCommandClass(clientName, theirs)
    classes.set(theirs, known)
  }
  return known
}

/** The prototype of this copy's commands, from one that is made but not sent: nothing that a client holds names the class. */
function theirPrototype(live: Ioredis): object {
  let prototype: object | undefined
  const sendCommand = (command: object): unknown => {
    prototype = Object.getPrototypeOf(command) as object
    return undefined
  }
  void Object.create(live, { sendCommand: { value: sendCommand }, options: { value: {} } }).call('PING')
  if (prototype !== undefined) return prototype
  throw new UsageError('TIERCEL_CLIENT_UNKNOWN', 'It looks like ioredis, but makes no commands. Allowed: ioredis 5 or 6, iovalkey.')
}

function defineCommandClass(clientName: string, theirs: object): IoredisCommandClass {
  class WireCommand implements IoredisCommand {
    // What ioredis reads of a command:
    readonly name: string
    readonly args = noWords
    readonly promise: Promise<Reply>
    readonly inTransaction = false
    readonly pipelineIndex = undefined
    isTraced = false
    isResolved = false
    isSettled = false
    // Ours:
    readonly #words: readonly Word[]
    #resolve!: (reply: Reply) => void
    #reject!: (error: Error) => void
    isWritten = false

    constructor(words: readonly Word[]) {
      this.name = String(words[0])
      this.#words = words
      this.promise = new Promise((resolve, reject) => {
        this.#resolve = resolve
        this.#reject = reject
      })
    }

    toWritable(): string | Buffer {
      if (this.isWritten || this.isSettled) {
        this.abandon()
        return ping
      }
      this.isWritten = true
      return encode(this.#words)
    }

    resolve(reply: unknown): void {
      if (this.isSettled) return
      this.isSettled = this.isResolved = true
      this.#resolve(folderOf(this.name)(reply))
    }

    reject(error: unknown): void {
      if (this.isSettled) return
      this.isSettled = true
      this.#reject(toClientError(error))
    }

    abandon(): void {
      this.reject(this.isWritten ? lost(clientName) : unavailable(clientName, 'losing its connection'))
    }

    setReplyContext(): void {}
    // Deadlines are the caller's: the client's `commandTimeout` and `blockingTimeout` would need their timers cleared here.
    setTimeout(): void {}
    setBlockingTimeout(): void {}
    extractBlockingTimeout(): undefined {}
  }
  // Not `extends`: its constructor is what is to be avoided. What else ioredis may call on a command is there all the same.
  Object.setPrototypeOf(WireCommand.prototype, theirs)
  return WireCommand
}

const lengthLines: readonly string[] = Array.from({ length: 256 }, (_, length) => `$${length}\r\n`)

function lengthLine(bytes: number): string {
  return lengthLines[bytes] ?? `$${bytes}\r\n`
}

function encode(words: readonly Word[]): string | Buffer {
  let text = `*${words.length}\r\n`
  for (const word of words) {
    if (typeof word !== 'string') return encodeBytes(words)
    text += `${lengthLine(Buffer.byteLength(word))}${word}\r\n`
  }
  return text
}

function encodeBytes(words: readonly Word[]): Buffer {
  const parts: Buffer[] = []
  let text = `*${words.length}\r\n`
  for (const word of words) {
    if (typeof word === 'string') text += `$${Buffer.byteLength(word)}\r\n${word}\r\n`
    else {
      parts.push(Buffer.from(`${text}$${word.length}\r\n`), word)
      text = '\r\n'
    }
  }
  parts.push(Buffer.from(text))
  return Buffer.concat(parts)
}
