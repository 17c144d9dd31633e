import { Announcements } from './announcements.ts'
import { type CheckOptions, type CheckRules, checkRules } from './check-options.ts'
import { describeFinding, type Finding } from './finding.ts'
import type { Invalidation, Operation } from './history.ts'
import { type AllAnnouncements, KeyCheck, type KeyHistory } from './key-check.ts'
import { type Staleness, stalenessOf } from './staleness.ts'

export interface HistoryReport {
  /** None when the cache kept its promises. */
  readonly findings: readonly Finding[]
  readonly staleness: Staleness
  /** All reads, those that missed included. */
  readonly reads: number
  readonly misses: number
  readonly changes: number
  readonly invalidations: number
  /** When the first operation began. */
  readonly startMs: number
}

/**
 * Checks what processes read through a cache against what was done to its source.
 *
 * Everything rests on one instant: a version of a key is *overtaken* when the first applied invalidation has ended that covers the key and began
 * after a newer version was committed; it is *announced* when one has ended that began after the version itself, or a newer one, was committed.
 *
 * - `wrong`: the value is none of the key's, or has a version that no change made.
 * - `phantom`: the version was aborted, or the read ended before its change began.
 * - `stale`: the read began more than `maxStaleness + tolerance` after the version was overtaken; more than `tolerance` if it was `exact`.
 * - `own-write-missed`: the read began after the version was overtaken by an invalidation of its own process. No staleness is allowed.
 * - `backwards`: before the read began its process had ended a read of a newer version, which was announced before that one began (see `monotonic`).
 * - `broken-log`: an operation ends before it begins, a version exists twice or in another order than the changes.
 *
 * Comparisons are strict: what touches in one instant is taken to overlap. Queued and failed invalidations promise nothing (see `ownQueued`), and
 * a miss is never wrong. Because the source numbers its versions, no search for an order is needed, as checkers of linearizability make: the
 * time taken grows with n log n, and 200,000 operations take about a second. They may come in any order.
 *
 * @returns what was found, the staleness that was seen, and how much was looked at: a history without reads or invalidations proves nothing
 * @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_DURATION}
 * @example
 * const report = checkHistory(logs.flat(), { maxStaleness: '1s' })
 * if (report.findings.length > 0) throw new Error(describeReport(report))
 */
export function checkHistory(operations: Iterable<Operation>, options: CheckOptions = {}): HistoryReport {
  const rules = checkRules(options)
  const log = sortOut(operations)
  const told = announcementsOf(log.invalidations, rules)
  const staleMs: number[] = []
  let [reads, misses, changes] = [0, 0, 0]
  for (const [key, history] of log.keys) {
    const check = new KeyCheck(key, history, told, rules)
    for (const finding of check.findings) log.findings.push(finding)
    for (const ms of check.staleMs) staleMs.push(ms)
    reads += history.reads.length
    misses += history.reads.filter(({ version, foreign }) => version === undefined && foreign === undefined).length
    changes += history.changes.length
  }
  const { findings, invalidations, startMs } = log
  return { findings, staleness: stalenessOf(staleMs), reads, misses, changes, invalidations: invalidations.length, startMs }
}

/** The report as text: the counts, the staleness, and the first `most` findings of each kind (default 3). */
export function describeReport({ findings, staleness, startMs, ...counts }: HistoryReport, most = 3): string {
  const { reads, misses, changes, invalidations } = counts
  const shown = new Map<string, number>()
  for (const { kind } of findings) shown.set(kind, (shown.get(kind) ?? 0) + 1)
  const first = [...shown.keys()].flatMap((kind) => findings.filter((finding) => finding.kind === kind).slice(0, most))
  return [
    `${reads} reads (${misses} misses), ${changes} changes, ${invalidations} invalidations`,
    `${staleness.overtaken} versions overtaken, ${staleness.readLater} of them read later: p50 ${ms(staleness.p50Ms)}, p99 ${ms(staleness.p99Ms)}, p99.9 ${ms(staleness.p999Ms)}, max ${ms(staleness.maxMs)}`,
    shown.size === 0 ? 'nothing found' : [...shown].map(([kind, count]) => `${count} ${kind}`).join(', '),
    ...first.map((finding) => describeFinding(finding, startMs)),
  ].join('\n')
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`
}

interface Log {
  readonly keys: Map<string, KeyHistory>
  readonly invalidations: Invalidation[]
  readonly findings: Finding[]
  readonly startMs: number
}

function sortOut(operations: Iterable<Operation>): Log {
  const keys = new Map<string, KeyHistory>()
  const invalidations: Invalidation[] = []
  const findings: Finding[] = []
  let startMs = Number.POSITIVE_INFINITY
  for (const operation of operations) {
    const fault = faultOf(operation)
    if (fault !== undefined) {
      const key = operation.kind === 'invalidation' ? operation.call : operation.key
      findings.push({ kind: 'broken-log', key, summary: fault, operations: [operation] })
      continue
    }
    startMs = Math.min(startMs, operation.startMs)
    if (operation.kind === 'invalidation') invalidations.push(operation)
    else if (operation.kind === 'change') historyOf(keys, operation.key).changes.push(operation)
    else historyOf(keys, operation.key).reads.push(operation)
  }
  return { keys, invalidations, findings, startMs }
}

function faultOf(operation: Operation): string | undefined {
  if (!(operation.startMs <= operation.endMs)) return 'ended before it began'
  const isNumbered = operation.kind !== 'change' || (Number.isSafeInteger(operation.version) && operation.version > 0)
  return isNumbered ? undefined : 'got a version that is not a whole number above 0'
}

function historyOf(keys: Map<string, KeyHistory>, key: string): KeyHistory {
  const known = keys.get(key)
  if (known !== undefined) return known
  const history: KeyHistory = { changes: [], reads: [] }
  keys.set(key, history)
  return history
}

function announcementsOf(invalidations: readonly Invalidation[], rules: CheckRules): AllAnnouncements {
  const applied = invalidations.filter(({ outcome }) => outcome === 'applied')
  const own = new Map<string, Invalidation[]>()
  for (const invalidation of invalidations) {
    if (!rules.ownOutcomes.has(invalidation.outcome)) continue
    const group = own.get(invalidation.process)
    if (group === undefined) own.set(invalidation.process, [invalidation])
    else group.push(invalidation)
  }
  const byProcess = [...own].map(([process, group]) => [process, new Announcements(group, rules.tagsOf)] as const)
  return { byAnybody: new Announcements(applied, rules.tagsOf), byProcess: new Map(byProcess) }
}
