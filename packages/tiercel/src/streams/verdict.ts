/** What has been tried with a record, as every owner of its partition knows it. */
export interface Tried {
  /** Failures, all of them: waits grow with them. */
  readonly failures: number
  /** Those that count against it: others got through. */
  readonly counted: number
  /** When it failed first: Unix time in ms, server's clock. */
  readonly sinceMs: number
}

export interface GiveUpRules {
  readonly maxTries: number
  /** Infinity: never by age. */
  readonly giveUpAfterMs: number
}

/**
 * What follows from a failure. It counts against the record only when the receiver demonstrably works: another record got through since this one was tried last.
 * So an outage does not fill the dead letters, however long it is; a record that is refused among others that are not is given up after `maxTries`.
 */
export function judgeFailure(
  before: Tried | undefined,
  { othersGotThrough, nowMs, rules }: { readonly othersGotThrough: boolean; readonly nowMs: number; readonly rules: GiveUpRules },
): { readonly tried: Tried; readonly isOver: boolean } {
  const sinceMs = before?.sinceMs ?? nowMs
  const counted = (before?.counted ?? 0) + (othersGotThrough ? 1 : 0)
  const tried = { failures: (before?.failures ?? 0) + 1, counted, sinceMs }
  return { tried, isOver: counted >= rules.maxTries || nowMs - sinceMs >= rules.giveUpAfterMs }
}

export function writeTried({ failures, counted, sinceMs }: Tried): string {
  return `${failures} ${counted} ${Math.floor(sinceMs)}`
}

export function readTried(text: string): Tried {
  const [failures = 1, counted = 0, sinceMs = 0] = text.split(' ').map(Number)
  return { failures, counted, sinceMs }
}
