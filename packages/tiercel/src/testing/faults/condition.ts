import { checkOptionNames, oneOf } from '../../kernel/options.ts'
import { amount, checkPlain, wholeFrom } from './fault-checks.ts'

/** What a direction of a connection is like. All of it together: what is split may also be late. Left out: as on a good network. */
export interface Condition {
  /**
   * - `pass`, the default.
   * - `hold`: nothing arrives, and all of it does once it passes again. A network that was away for less long than its ends are patient.
   * - `drop`: nothing arrives, ever, and neither end is told: a black hole. When it passes again, a connection that lost something is reset: a
   *   stream with a hole in it is no stream.
   */
  readonly flow?: 'pass' | 'hold' | 'drop'
  /** How much later bytes arrive, in ms from 0. Their order stays. Default 0. */
  readonly delayMs?: number
  /** Up to so much is added to the delay, at random; ms from 0. Default 0. */
  readonly jitterMs?: number
  /** More than 0. Default: as fast as it goes. */
  readonly bytesPerSecond?: number
  /** Cuts what comes in one piece; each part is sent on its own. Not together with `coalesceMs`. */
  readonly split?: Split
  /** Joins what comes within so many ms, from 0, of the first piece, and sends it as one. Default: nothing is joined. */
  readonly coalesceMs?: number
  /** Breaks the connection at a byte. Default: never. */
  readonly cutAt?: Cut
}

/** Into parts of so many bytes, or in two after so many; whole numbers from 1. */
export type Split = { readonly every: number } | { readonly after: number }

export interface Cut {
  /** The first byte that does not pass, counted from 1 with the connection's first in this direction. One that is past it is cut at its next byte. */
  readonly byte: number
  /** What comes of the connection then. Default `reset`. */
  readonly then?: Ending
}

/**
 * How a connection is lost once the bytes before have arrived.
 * - `reset`: both ends are told at once that it broke.
 * - `end`: the receiver sees an orderly end, and may still send.
 * - `silence`: nobody is told; nothing arrives any more in this direction.
 */
export type Ending = 'reset' | 'end' | 'silence'

export const endings: readonly Ending[] = ['reset', 'end', 'silence']

export const goodCondition: Condition = {}

const names = ['flow', 'delayMs', 'jitterMs', 'bytesPerSecond', 'split', 'coalesceMs', 'cutAt']

/**
 * @throws {TIERCEL_INVALID_OPTION} out of range
 * @throws {TIERCEL_UNKNOWN_OPTION} a misspelt name
 */
export function checkCondition(condition: Condition, call: string): Condition {
  checkOptionNames(condition, names, call)
  const { flow, delayMs, jitterMs, bytesPerSecond, split, coalesceMs, cutAt } = condition
  if (flow !== undefined) oneOf(flow, ['pass', 'hold', 'drop'], 'flow')
  amount(delayMs, 'delayMs')
  amount(jitterMs, 'jitterMs')
  amount(coalesceMs, 'coalesceMs')
  amount(bytesPerSecond, 'bytesPerSecond', { isMoreThan0: true })
  if (split !== undefined) {
    checkOptionNames(split, ['every', 'after'], 'split')
    checkPlain(
      Object.keys(split).length === 1 && coalesceMs === undefined,
      'split takes either `every` or `after`, and no `coalesceMs` beside it.',
    )
    wholeFrom(1, 'every' in split ? split.every : split.after, 'split')
  }
  if (cutAt !== undefined) {
    checkOptionNames(cutAt, ['byte', 'then'], 'cutAt')
    wholeFrom(1, cutAt.byte, 'cutAt.byte')
    oneOf(cutAt.then ?? 'reset', endings, 'cutAt.then')
  }
  return condition
}

/** The parts of a chunk, in order; itself when there is nothing to cut. */
export function cut(chunk: Buffer, split: Split | undefined): Buffer[] {
  if (split === undefined) return [chunk]
  if ('after' in split) {
    const { after } = split
    return after > 0 && after < chunk.length ? [chunk.subarray(0, after), chunk.subarray(after)] : [chunk]
  }
  const { every } = split
  return Array.from({ length: Math.ceil(chunk.length / every) }, (_, at) => chunk.subarray(at * every, (at + 1) * every))
}
