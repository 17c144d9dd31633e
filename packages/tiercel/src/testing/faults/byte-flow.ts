import type { Socket } from 'node:net'
import { type Clock, startTimer, type Timer } from '../../kernel/clock.ts'
import { type Condition, cut, type Ending } from './condition.ts'
import { reset } from './reset.ts'

/** What waits here at most, before the sender is made to wait. */
const maxWaitingBytes = 1 << 20

interface Part {
  bytes: Buffer
  dueAtMs: number
  /** Must reach the network before the next is written, or the two become one. */
  readonly isAlone: boolean
  /** Until when what comes is joined to it. */
  readonly openUntilMs: number
}

export interface FlowOptions {
  readonly from: Socket
  readonly to: Socket
  readonly clock: Clock
  /** As it is now. */
  readonly condition: () => Condition
  /** 0 to 1. */
  readonly random: () => number
  /** Told of what comes, which it hands to `pass`, changed or not, now or later. */
  readonly onBytes: (chunk: Buffer) => void
  /** The sender will send no more. */
  readonly onEnd: () => void
  /** It was cut at the byte of its condition. */
  readonly onCut: (atByte: number) => void
}

/** One direction of a connection: takes bytes from one socket and gives them to the other, as its condition allows. */
export class ByteFlow {
  readonly #options: FlowOptions
  readonly #parts: Part[] = []
  #waitingBytes = 0
  #lastDueAtMs = 0
  #isFlushing = false
  #timer: Timer | undefined
  /** How the sender's side came to its end, if it did. */
  #end: 'end' | 'reset' | undefined
  /** How it is made to end here, whatever the sender does. */
  #finish: Ending | undefined
  droppedBytes = 0
  passedBytes = 0

  constructor(options: FlowOptions) {
    this.#options = options
    const { from, to, onBytes } = options
    from.on('data', onBytes)
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

  /** Takes bytes that are to arrive. */
  pass(chunk: Buffer): void {
    if (this.#finish !== undefined || chunk.length === 0) return
    const { split, coalesceMs } = this.#options.condition()
    if (!this.#joins(chunk, coalesceMs)) {
      const nowMs = this.#options.clock.monotonicMs()
      const openUntilMs = coalesceMs === undefined ? Number.NEGATIVE_INFINITY : nowMs + coalesceMs
      let dueAtMs = Math.max(this.#lastDueAtMs, nowMs + this.#delayMs(), openUntilMs)
      for (const bytes of cut(chunk, split)) {
        dueAtMs += this.#sendingMs(bytes)
        this.#parts.push({ bytes, dueAtMs, openUntilMs, isAlone: split !== undefined || coalesceMs !== undefined })
      }
      this.#lastDueAtMs = dueAtMs
    }
    this.#waitingBytes += chunk.length
    if (this.#flow === 'drop') this.#drop()
    else this.#pump()
  }

  /** When what waits has arrived, it is over in this way; what comes now is thrown away. */
  finish(how: Ending): void {
    this.#finish ??= how
    this.#pump()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#parts.length = 0
    this.#options.from.resume()
  }

  get #flow(): 'pass' | 'hold' | 'drop' {
    return this.#options.condition().flow ?? 'pass'
  }

  #delayMs(): number {
    const { delayMs = 0, jitterMs = 0 } = this.#options.condition()
    return delayMs + jitterMs * this.#options.random()
  }

  #sendingMs(bytes: Buffer): number {
    const { bytesPerSecond = Number.POSITIVE_INFINITY } = this.#options.condition()
    return (bytes.length / bytesPerSecond) * 1_000
  }

  #joins(chunk: Buffer, coalesceMs: number | undefined): boolean {
    const last = this.#parts.at(-1)
    if (coalesceMs === undefined || last === undefined || last.openUntilMs < this.#options.clock.monotonicMs()) return false
    last.bytes = Buffer.concat([last.bytes, chunk])
    last.dueAtMs += this.#sendingMs(chunk)
    this.#lastDueAtMs = last.dueAtMs
    return true
  }

  #drop(): void {
    this.droppedBytes += this.#waitingBytes
    this.#waitingBytes = 0
    this.#parts.length = 0
    this.#options.from.resume()
  }

  #pump(): void {
    const { from, to, clock } = this.#options
    this.#timer?.cancel()
    while (!this.#isFlushing && this.#flow === 'pass' && !to.writableNeedDrain) {
      const part = this.#parts[0]
      if (part === undefined) {
        this.#passEnd()
        break
      }
      const waitMs = part.dueAtMs - clock.monotonicMs()
      if (waitMs > 0) {
        this.#timer = startTimer(clock, waitMs, () => this.#pump())
        break
      }
      this.#parts.shift()
      this.#waitingBytes -= part.bytes.length
      this.#write(this.#untilCut(part.bytes), part.isAlone)
    }
    if (this.#waitingBytes + to.writableLength > maxWaitingBytes) from.pause()
    else from.resume()
  }

  /** What of it comes before the byte at which the condition cuts; with that byte it is over. */
  #untilCut(bytes: Buffer): Buffer {
    const { cutAt } = this.#options.condition()
    if (cutAt === undefined || this.passedBytes + bytes.length < cutAt.byte) return bytes
    this.#parts.length = 0
    this.#waitingBytes = 0
    this.#finish ??= cutAt.then ?? 'reset'
    this.#options.onCut(cutAt.byte)
    return bytes.subarray(0, Math.max(0, cutAt.byte - 1 - this.passedBytes))
  }

  #write(bytes: Buffer, isAlone: boolean): void {
    this.passedBytes += bytes.length
    if (bytes.length === 0 || !this.#options.to.writable) return
    this.#isFlushing = isAlone
    this.#options.to.write(bytes, isAlone ? () => afterReading(() => this.#flushed()) : undefined)
  }

  #flushed(): void {
    this.#isFlushing = false
    this.#pump()
  }

  #ends(how: 'end' | 'reset'): void {
    if (this.#end === undefined) this.#options.onEnd()
    this.#end ??= how
    this.#pump()
  }

  #passEnd(): void {
    const { to } = this.#options
    if (this.#finish === 'silence') return
    if (this.#finish === 'reset') {
      if (to.writable) to.write('', () => afterReading(() => this.#reset()))
      else this.#reset()
    } else if (this.#finish === 'end' || this.#end === 'end') to.end()
    else if (this.#end === 'reset') this.#reset()
  }

  #reset(): void {
    reset(this.#options.from)
    reset(this.#options.to)
  }
}

/** Two turns of the event loop: a receiver in this process reads in between. */
function afterReading(then: () => void): void {
  setImmediate(() => setImmediate(then))
}
