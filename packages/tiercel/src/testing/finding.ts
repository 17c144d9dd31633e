import type { Operation } from './history.ts'

/**
 * - `wrong`: a value that was never this key's.
 * - `phantom`: a version that was not committed, or was read before its change began.
 * - `stale`: a version that an applied invalidation had overtaken for longer than is allowed.
 * - `own-write-missed`: a version that the same process had itself overtaken, by an applied invalidation, before it read.
 * - `backwards`: older than what the same process had read before.
 * - `broken-log`: the history contradicts itself, and proves nothing.
 */
export type FindingKind = 'wrong' | 'phantom' | 'stale' | 'own-write-missed' | 'backwards' | 'broken-log'

export interface Finding {
  readonly kind: FindingKind
  /** The key, or the call of an invalidation whose log is broken. */
  readonly key: string
  /** What is wrong about it, in one sentence. */
  readonly summary: string
  /** The one that is wrong, then those that it contradicts. */
  readonly operations: readonly Operation[]
}

/**
 * A finding as text that a person can follow: a line that says what is wrong, then the operations involved in the order in which they began.
 *
 * @param originMs what the times are counted from: `report.startMs`, so that they are short; default 0
 */
export function describeFinding({ kind, key, summary, operations }: Finding, originMs = 0): string {
  const lines = operations.toSorted((a, b) => a.startMs - b.startMs).map((operation) => `  ${describeOperation(operation, originMs)}`)
  return [`${kind}: ${JSON.stringify(key)} ${summary}`, ...lines].join('\n')
}

function describeOperation(operation: Operation, originMs: number): string {
  const times = [operation.startMs, operation.endMs].map((ms) => (ms - originMs).toFixed(3).padStart(10))
  return `${times.join(' –')} ms  ${operation.process}: ${actionOf(operation)}`
}

function actionOf(operation: Operation): string {
  if (operation.kind === 'change') return `changed the source to version ${operation.version}, ${operation.outcome}`
  if (operation.kind === 'invalidation') return `${operation.call} of ${targetOf(operation)}, ${operation.outcome}`
  const found = operation.foreign ?? (operation.version === undefined ? 'nothing' : `version ${operation.version}`)
  return `read ${found}${operation.exact ? ', exactly' : ''}`
}

function targetOf({ keys = [], tags = [], all }: Extract<Operation, { kind: 'invalidation' }>): string {
  if (all) return 'everything'
  return [...keys.map((key) => JSON.stringify(key)), ...tags.map((tag) => `tag ${JSON.stringify(tag)}`)].join(', ')
}
