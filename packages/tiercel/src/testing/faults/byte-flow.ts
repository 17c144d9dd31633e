import type { Socket } from 'node:net'
import { type Condition, cut } from './condition.ts'
import { reset } from './reset.ts'

/** What waits here at most, before the sender is made to wait. */
const maxWaitingBytes = 1 << 20

interface Part {
  readonly bytes: Buffer
  readonly dueAtMs: number
  /** Must reach the network before the next is written, or the two become one. */
  readonly isAlone: boolean
}

export interface FlowOptions {
  readonly from: Socket
  readonly to: Socket
  /** As it is now. */
  readonly condition: () => Condition
  /** 0 to 1. */
  readonly random: () => number
  readonly onBytes: (chunk: Buffer) => void
}

/** One direction of a connection: takes bytes from one socket and gives them to the other, as its condition allows. */
export class ByteFlow {
  readonly #from: Socket
  readonly #to: Socket
  readonly #condition: () => Condition
  readonly #random: () => number
  readonly #parts: Part[] = []
  #waitingBytes = 0
  #lastDueAtMs = 0
  #isFlushing = false
  #timer: NodeJS.Timeout | undefined
  /** How the sender's side came to its end, if it did. */
  #end: 'end' | 'reset' | undefined
  droppedBytes = 0
  passedBytes = 0

  constructor({ from, to, condition, random, onBytes }: FlowOptions) {
    this.#from = from
    this.#to = to
    this.#condition = condition
    this.#random = random
    from.on('data', (chunk: Buffer) => {
      onBytes(chunk)
      this.#receive(chunk)
    })
    from.on('end', () => this.#ends('end'))
    from.on('error', () => this.#ends('reset'))
    from.on('close', () => this.#ends('end'))
    to.on('drain', () => this.#pump())
    to.on('close', () => this.stop())
  }

  /** The condition may have changed. */
  update(): void {
    if (this.#flow === 'drop') this.#drop()
    else if (this.#flow === 'pass' && this.droppedBytes > 0) this.#reset()
    else this.#pump()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#parts.length = 0
    this.#from.resume()
  }

  get #flow(): 'pass' | 'hold' | 'drop' {
    return this.#condition().flow ?? 'pass'
  }

  #receive(chunk: Buffer): void {
    const { delayMs = 0, jitterMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY, split } = this.#condition()
    let dueAtMs = Math.max(this.#lastDueAtMs, performance.now() + delayMs + jitterMs * this.#random())
    for (const bytes of cut(chunk, split)) {
      dueAtMs += (bytes.length / bytesPerSecond) * 1_000
      this.#parts.push({ bytes, dueAtMs, isAlone: split !== undefined })
    }
    this.#lastDueAtMs = dueAtMs
    this.#waitingBytes += chunk.length
    if (this.#flow === 'drop') this.#drop()
    else this.#pump()
  }

  #drop(): void {
    this.droppedBytes += this.#waitingBytes
    this.#waitingBytes = 0
    this.#parts.length = 0
    this.#from.resume()
  }

  #pump(): void {
    clearTimeout(this.#timer)
    while (!this.#isFlushing && this.#flow === 'pass' && !this.#to.writableNeedDrain) {
      const part = this.#parts[0]
      if (part === undefined) {
        this.#passEnd()
        break
      }
      const waitMs = part.dueAtMs - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), waitMs)
        break
      }
      this.#parts.shift()
      this.#write(part)
    }
    if (this.#waitingBytes + this.#to.writableLength > maxWaitingBytes) this.#from.pause()
    else this.#from.resume()
  }

  #write({ bytes, isAlone }: Part): void {
    this.#waitingBytes -= bytes.length
    this.passedBytes += bytes.length
    if (!this.#to.writable) return
    this.#isFlushing = isAlone
    // Two turns of the event loop: a receiver in this process reads in between.
    this.#to.write(bytes, isAlone ? () => setImmediate(() => setImmediate(() => this.#flushed())) : undefined)
  }

  #flushed(): void {
    this.#isFlushing = false
    this.#pump()
  }

  #ends(how: 'end' | 'reset'): void {
    this.#end ??= how
    this.#pump()
  }

  #passEnd(): void {
    if (this.#end === 'end') this.#to.end()
    else if (this.#end === 'reset') this.#reset()
  }

  #reset(): void {
    reset(this.#from)
    reset(this.#to)
  }
}
