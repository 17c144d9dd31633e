import type { ErrorCode } from './error-codes.ts'

/** What an error knows beyond its message. The value of an entry is never part of it. */
export interface ErrorDetails {
  /** The verb of the public API that failed: `getOrSet`, `set`, … */
  readonly operation?: string
  /** The key, shortened to 64 characters. */
  readonly key?: string
  readonly cause?: unknown
}

const identity = Symbol.for('tiercel.error')
const keyLimit = 64
/** Those of the table that say so; only this much of it is needed at run time. */
const retryableCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TIERCEL_STORE_UNAVAILABLE',
  'TIERCEL_STORE_DEADLINE',
  'TIERCEL_BREAKER_OPEN',
  'TIERCEL_STORE_OVERLOADED',
  'TIERCEL_LOAD_REFUSED',
  'TIERCEL_LOAD_DEADLINE',
  'TIERCEL_LOAD_FAILED',
  'TIERCEL_SOURCE_UNAVAILABLE',
  'TIERCEL_FENCED',
  'TIERCEL_WRITES_FULL',
])

/** The root of every error that Tiercel throws. Told by its `code`; `TiercelError.is` also recognises another copy's errors. */
export class TiercelError extends Error {
  readonly code: ErrorCode
  /** Whether the same call may succeed later without a change of program or configuration. */
  readonly retryable: boolean
  readonly operation?: string
  readonly key?: string

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'TiercelError'
    Object.defineProperty(this, identity, { value: true })
    this.code = code
    this.retryable = retryableCodes.has(code)
    if (details.operation !== undefined) this.operation = details.operation
    if (details.key !== undefined) this.key = shorten(details.key)
  }

  /** Whether `error` was thrown by Tiercel, also by another copy or version of it. */
  static is(error: unknown): error is TiercelError {
    return typeof error === 'object' && error !== null && identity in error
  }
}

/** The programmer's: an option, key or value that is not allowed. Thrown before anything is touched. */
export class UsageError extends TiercelError {
  constructor(code: ErrorCode, message: string, details?: ErrorDetails) {
    super(code, message, details)
    this.name = 'UsageError'
  }
}

/** The operator's: the server is away, refuses, or answers with an error. */
export class StoreError extends TiercelError {
  constructor(code: ErrorCode, message: string, details?: ErrorDetails) {
    super(code, message, details)
    this.name = 'StoreError'
  }
}

/** Something took longer than it was allowed to. */
export class DeadlineError extends StoreError {
  /** What was allowed, in ms. */
  readonly limitMs: number

  constructor(code: ErrorCode, message: string, limitMs: number, details?: ErrorDetails) {
    super(code, message, details)
    this.name = 'DeadlineError'
    this.limitMs = limitMs
  }
}

/** The server's own words: its reply was an error. `reply` is the first word, such as `WRONGTYPE` or `OOM`. */
export class ServerError extends StoreError {
  readonly reply: string

  constructor(text: string, details?: ErrorDetails) {
    super('TIERCEL_SERVER_ERROR', text, details)
    this.name = 'ServerError'
    this.reply = text.split(' ', 1)[0] ?? ''
  }
}

/**
 * Some of several keys could not be loaded. What was found or loaded is stored, and here: a second call asks the source for the rest only.
 * `cause` is the first key's error.
 */
export class BatchError extends TiercelError {
  /** One per key, in their order: its value, or its own error. Left out when the error is printed. */
  declare readonly results: readonly PromiseSettledResult<unknown>[]

  constructor(message: string, results: readonly PromiseSettledResult<unknown>[], details?: ErrorDetails) {
    super('TIERCEL_BATCH_FAILED', message, details)
    this.name = 'BatchError'
    Object.defineProperty(this, 'results', { value: results })
  }
}

/** The source's: what answers behind it refuses, or cannot now. Errors of databases and networks are not wrapped. */
export class SourceError extends TiercelError {
  /** Of the HTTP response. */
  readonly status: number

  constructor(code: ErrorCode, message: string, status: number, details?: ErrorDetails) {
    super(code, message, details)
    this.name = 'SourceError'
    this.status = status
  }
}

/** Bytes that could not be read, or a value that could not be written. */
export class CodecError extends TiercelError {
  constructor(code: ErrorCode, message: string, details?: ErrorDetails) {
    super(code, message, details)
    this.name = 'CodecError'
  }
}

function shorten(key: string): string {
  return key.length <= keyLimit ? key : `${key.slice(0, keyLimit - 1)}…`
}
