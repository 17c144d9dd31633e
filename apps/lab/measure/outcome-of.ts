import type { Outcome } from '../scenarios/outcome.ts'

/** What a value says about itself, so that who gets it can tell how old it is and who loaded it. */
export interface LoadedValue {
  /** Of the load that produced it, counted at the source. */
  readonly number: number
  readonly loadedAtMs: number
  /** The reader, or the process, that loaded it. */
  readonly by: number
}

/** One read, from the call to the answer; moments on the clock that `loadedAtMs` is on. */
export interface AnsweredRead {
  readonly by: number
  readonly calledAtMs: number
  /** Number of the load that this very call has made and whose end it has seen. */
  readonly ownLoad: number | undefined
  /** Whether this call has started a load, ended or not. */
  readonly hasSetOff: boolean
  readonly ttlMs: number
}

/** The server counts a life from when the value reached it, and the answer has a way to go too. */
const slackMs = 20

/** How a read ended, judged by the answer alone: the same rule for whatever code gave it. */
export function outcomeOf(answer: LoadedValue, read: AnsweredRead): Outcome {
  const { by, calledAtMs, ownLoad, hasSetOff, ttlMs } = read
  if (answer.number === ownLoad) return 'source'
  if (answer.loadedAtMs >= calledAtMs) return answer.by === by ? 'joined' : 'waited'
  if (calledAtMs - answer.loadedAtMs > ttlMs + slackMs) return 'stale'
  return hasSetOff ? 'refreshed' : 'l2'
}

/** Outcomes of those who had to wait for a load. */
export const waitOutcomes: readonly Outcome[] = ['source', 'joined', 'waited']
