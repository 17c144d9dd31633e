import { LineReader, lengthIn } from './line-reader.ts'
import type { Request } from './request.ts'

/** Some bytes as they came, which lie within one request. */
export interface RequestPiece {
  readonly bytes: Buffer
  /** The request that ends with them, if one does; without a name, one that no server answers: an empty line, an empty array. */
  readonly request?: Request | 'empty'
  /** From these bytes on it is not RESP. */
  readonly isLost?: true
}

const maxArgs = 1_024
const maxArgBytes = 1_024
const maxNumberLength = 32
/** As servers have it. */
const maxInlineBytes = 64 << 10
/** Longer than any server takes. */
const maxBulkBytes = 4 * 2 ** 30

const star = 42
const carriageReturn = 13
const lineFeed = 10

/**
 * Finds the ends of requests in a stream that comes in whatever pieces: arrays of bulk strings, and commands in a line of text. Keeps of them what
 * `Request` shows.
 */
export class RequestReader {
  readonly #line: LineReader = new LineReader()
  #state: 'start' | 'count' | 'length' | 'payload' | 'inline' = 'start'
  #argsLeft = 0
  /** Of an argument, its end included. */
  #payloadLeft = 0
  #payload: Buffer[] = []
  #keptBytes = 0
  #args: Buffer[] = []
  #inline: Buffer[] = []
  #inlineBytes = 0
  #isLost = false

  get isBetweenRequests(): boolean {
    return this.#state === 'start' && !this.#isLost
  }

  /** @returns all of the chunk, cut where requests end */
  read(chunk: Buffer): RequestPiece[] {
    const pieces: RequestPiece[] = []
    let from = 0
    let at = 0
    while (at < chunk.length && !this.#isLost) {
      const end = this.#step(chunk, at)
      if (end === undefined) {
        this.#isLost = true
        break
      }
      at = end
      if (this.#state !== 'start') continue
      pieces.push({ bytes: chunk.subarray(from, at), request: this.#finish() })
      from = at
    }
    if (from < chunk.length) pieces.push({ bytes: chunk.subarray(from), ...(this.#isLost ? { isLost: true } : {}) })
    return pieces
  }

  /** Takes some bytes; back in the state `start` a request has ended. `undefined`: what follows cannot be understood. */
  #step(chunk: Buffer, at: number): number | undefined {
    if (this.#state === 'start') this.#state = chunk[at] === star ? 'count' : 'inline'
    if (this.#state === 'inline') return this.#takeInline(chunk, at)
    if (this.#state === 'payload') return this.#takePayload(chunk, at)
    const { end, isWhole } = this.#line.take(chunk, at)
    if (this.#line.length > maxNumberLength) return undefined
    return isWhole ? this.#takeNumber(this.#line.finish(), end) : end
  }

  #takeNumber(text: string | undefined, end: number): number | undefined {
    const isCount = this.#state === 'count'
    const length = text?.startsWith(isCount ? '*' : '$') ? lengthIn(text.slice(1)) : undefined
    if (length === undefined || length > maxBulkBytes) return undefined
    if (isCount) {
      this.#argsLeft = length
      this.#state = length > 0 ? 'length' : 'start'
    } else {
      if (length === -1) return undefined
      this.#payloadLeft = length + 2
      this.#state = 'payload'
    }
    return end
  }

  #takePayload(chunk: Buffer, at: number): number | undefined {
    const left = this.#payloadLeft
    const end = Math.min(chunk.length, at + left)
    for (let index = Math.max(at, at + left - 2); index < end; index += 1) {
      if (chunk[index] !== (at + left - index === 2 ? carriageReturn : lineFeed)) return undefined
    }
    this.#keep(chunk.subarray(at, Math.max(at, Math.min(end, at + left - 2))))
    this.#payloadLeft -= end - at
    if (this.#payloadLeft > 0) return end
    if (this.#args.length < maxArgs + 1) this.#args.push(Buffer.concat(this.#payload))
    this.#payload = []
    this.#keptBytes = 0
    this.#argsLeft -= 1
    this.#state = this.#argsLeft > 0 ? 'length' : 'start'
    return end
  }

  #keep(bytes: Buffer): void {
    const kept = bytes.subarray(0, maxArgBytes - this.#keptBytes)
    if (kept.length === 0) return
    this.#keptBytes += kept.length
    this.#payload.push(Buffer.from(kept))
  }

  #takeInline(chunk: Buffer, at: number): number | undefined {
    const feed = chunk.indexOf(lineFeed, at)
    const end = feed === -1 ? chunk.length : feed + 1
    const bytes = chunk.subarray(at, end)
    this.#inlineBytes += bytes.length
    if (this.#inlineBytes > maxInlineBytes || !isText(bytes)) return undefined
    this.#inline.push(Buffer.from(bytes))
    if (feed === -1) return end
    this.#args = argsIn(Buffer.concat(this.#inline).toString())
    this.#inline = []
    this.#inlineBytes = 0
    this.#state = 'start'
    return end
  }

  #finish(): Request | 'empty' {
    const [name, ...args] = this.#args.map((arg) => arg.toString())
    this.#args = []
    return name === undefined ? 'empty' : { name: name.toUpperCase(), args }
  }
}

/** Whether it could be a line that somebody typed: what is not, such as the start of TLS, is no request and is not waited for. */
function isText(bytes: Buffer): boolean {
  return bytes.every((byte) => byte >= 32 || byte === 9 || byte === lineFeed || byte === carriageReturn)
}

/** Words of a line, some of them in quotes. */
function argsIn(line: string): Buffer[] {
  const found = line.matchAll(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\S+)/g)
  return [...found]
    .slice(0, maxArgs + 1)
    .map(([, double, single, bare]) => Buffer.from(double ?? single ?? bare ?? '').subarray(0, maxArgBytes))
}
