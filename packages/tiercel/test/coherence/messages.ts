import type { Operation } from '../../src/testing/index.ts'
import type { SubjectOptions } from './subject.ts'
import type { SubjectName } from './subjects.ts'

export interface WorkerSetup extends SubjectOptions {
  readonly subject: SubjectName
  /** Which of how many. */
  readonly process: number
  readonly processes: number
  readonly sourcePort: number
}

export interface WorkerReply {
  readonly operations: readonly Operation[]
  /** By call and code, or message: how many threw it. */
  readonly errors: Readonly<Record<string, number>>
  /** The longest that its event loop was late. */
  readonly latestMs: number
}

export interface SourceSetup {
  readonly seed: string
  /** A read or commit takes up to so long, and takes effect at some instant of it. */
  readonly maxDelayMs: number
}

export interface SourceReady {
  readonly port: number
}

/** What it did since it was last asked. */
export interface SourceReply {
  readonly operations: readonly Operation[]
}

/** A line that is sent to the source; its answer has the same id. */
export interface SourceRequest {
  readonly id: number
  readonly kind: 'read' | 'commit' | 'abort'
  readonly key: string
}

export interface SourceAnswer {
  readonly id: number
  readonly version: number
}
