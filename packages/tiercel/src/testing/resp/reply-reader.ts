import { LineReader, lengthIn } from './line-reader.ts'

/** Of what a server sends, when it has all come. */
export interface Reply {
  /** It is no answer: an invalidation, a message, a confirmation of a subscription. RESP3. */
  readonly isPush: boolean
  readonly isError: boolean
  /** The first bytes of it, as they came. */
  readonly head: string
}

/** Some bytes as they came, which lie within one reply. */
export interface ReplyPiece {
  readonly bytes: Buffer
  /** The reply that ends with them, if one does. */
  readonly reply?: Reply
  /** From these bytes on it is no RESP. */
  readonly isLost?: true
}

type Level = { left: number; readonly isAttribute: boolean }

const maxHeadLength = 64
const maxNumberLength = 32
const maxTextLength = 1 << 20
const knownTypes = '+-:_#,($=!*~>%|'
const carriageReturn = 13
const lineFeed = 10

/**
 * Finds the ends of replies in a stream that comes in whatever pieces: RESP2 and RESP3 with nulls, nested aggregates, attributes, verbatim strings
 * and pushes, of https://valkey.io/topics/protocol/. Streamed strings and aggregates (`$?`), which no server sends, are not followed.
 *
 * Keeps no more than 64 bytes of a reply, and one level for each aggregate that is open.
 */
export class ReplyReader {
  readonly #line: LineReader = new LineReader()
  readonly #levels: Level[] = []
  /** The type of the element whose line is being read. */
  #type = ''
  /** Bytes of a payload that are to come, its end included. */
  #payloadLeft = 0
  /** Of the reply, not of an attribute before it. */
  #replyType = ''
  #head = ''
  #isLost = false

  get isBetweenReplies(): boolean {
    return !this.#isLost && this.#head === ''
  }

  /** @returns all of the chunk, cut where replies end */
  read(chunk: Buffer): ReplyPiece[] {
    const pieces: ReplyPiece[] = []
    let from = 0
    let at = 0
    while (at < chunk.length && !this.#isLost) {
      const end = this.#step(chunk, at)
      if (end === undefined) {
        this.#isLost = true
        break
      }
      if (this.#head.length < maxHeadLength) this.#head += chunk.toString('latin1', at, Math.min(end.at, at + maxHeadLength))
      at = end.at
      if (!end.isReply) continue
      pieces.push({ bytes: chunk.subarray(from, at), reply: this.#finish() })
      from = at
    }
    if (from < chunk.length) pieces.push({ bytes: chunk.subarray(from), ...(this.#isLost ? { isLost: true } : {}) })
    return pieces
  }

  #finish(): Reply {
    const reply = { isPush: this.#replyType === '>', isError: '-!'.includes(this.#replyType), head: this.#head.slice(0, maxHeadLength) }
    this.#head = ''
    this.#replyType = ''
    return reply
  }

  /** Takes some bytes. `undefined`: what follows cannot be understood. */
  #step(chunk: Buffer, at: number): { readonly at: number; readonly isReply: boolean } | undefined {
    if (this.#payloadLeft > 0) return this.#takePayload(chunk, at)
    if (this.#type === '') {
      this.#type = String.fromCharCode(chunk[at] as number)
      if (!knownTypes.includes(this.#type)) return undefined
      if (this.#levels.length === 0 && this.#type !== '|') this.#replyType = this.#type
    }
    const { end, isWhole } = this.#line.take(chunk, at)
    if (this.#line.length > (isTextType(this.#type) ? maxTextLength : maxNumberLength)) return undefined
    if (!isWhole) return { at: end, isReply: false }
    const text = this.#line.finish()
    const type = this.#type
    this.#type = ''
    if (text === undefined) return undefined
    const isReply = this.#takeLine(type, text.slice(1))
    return isReply === undefined ? undefined : { at: end, isReply }
  }

  /** @returns whether the reply ends with it */
  #takeLine(type: string, text: string): boolean | undefined {
    if (isTextType(type)) return this.#completeElement()
    const length = lengthIn(text)
    if (length === undefined) return undefined
    if ('$=!'.includes(type)) {
      if (length === -1) return type === '$' ? this.#completeElement() : undefined
      this.#payloadLeft = length + 2
      return false
    }
    const perEntry = type === '%' || type === '|' ? 2 : 1
    if (length === -1 && type !== '*') return undefined
    if (length > 0) this.#levels.push({ left: length * perEntry, isAttribute: type === '|' })
    // An attribute with nothing in it is followed by what it belongs to.
    else if (type !== '|') return this.#completeElement()
    return false
  }

  #takePayload(chunk: Buffer, at: number): { readonly at: number; readonly isReply: boolean } | undefined {
    const end = Math.min(chunk.length, at + this.#payloadLeft)
    // The last two are CRLF.
    for (let index = Math.max(at, at + this.#payloadLeft - 2); index < end; index += 1) {
      const isFirst = at + this.#payloadLeft - index === 2
      if (chunk[index] !== (isFirst ? carriageReturn : lineFeed)) return undefined
    }
    this.#payloadLeft -= end - at
    return { at: end, isReply: this.#payloadLeft === 0 && this.#completeElement() }
  }

  #completeElement(): boolean {
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      level.left -= 1
      if (level.left > 0) return false
      this.#levels.pop()
      if (level.isAttribute) return false
    }
    return true
  }
}

/** What is all in its line. */
function isTextType(type: string): boolean {
  return '+-:_#,('.includes(type)
}
