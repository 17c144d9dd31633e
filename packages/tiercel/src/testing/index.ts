export { checkHistory, describeReport, type HistoryReport } from './check-history.ts'
export type { CheckOptions } from './check-options.ts'
export { type ClientConformanceOptions, type ClientLack, clientConformance } from './conformance/client-conformance.ts'
export type { ConformanceCase } from './conformance/contract-case.ts'
export { type StoreConformanceOptions, storeConformance } from './conformance/store-conformance.ts'
export { FakeClock, type FakeClockOptions } from './fake-clock.ts'
export type {
  AnswerRule,
  AnswerWith,
  KeyTest,
  OwnError,
  PlainAnswerRule,
  Redirection,
  TruncatedReply,
} from './faults/answer-rule.ts'
export type { Condition, Cut, Ending, Split } from './faults/condition.ts'
export type { FaultEvent } from './faults/fault-log.ts'
export { type FaultCounts, FaultProxy, type FaultProxyOptions } from './faults/fault-proxy.ts'
export type { FaultAction, FaultScript, FaultStep, StepMoment } from './faults/fault-script.ts'
export type { LinkFilter, PlainLinks, Scope } from './faults/link-filter.ts'
export type { Direction, ProxyLink } from './faults/proxy-link.ts'
export type { ProxyTarget, ServerAddress } from './faults/proxy-target.ts'
export type { ScriptRun } from './faults/script-player.ts'
export { describeFinding, type Finding, type FindingKind } from './finding.ts'
export type { CacheRead, Invalidation, Operation, SourceChange } from './history.ts'
export { type HistoryRecorder, historyRecorder, type InvalidationTarget, type ToldOutcome } from './history-recorder.ts'
export { machineClockMs } from './machine-clock.ts'
export type { ErrorName } from './resp/error-reply.ts'
export type { Staleness } from './staleness.ts'
export { type StampedValue, stampedValue, stampOf } from './stamped-value.ts'
