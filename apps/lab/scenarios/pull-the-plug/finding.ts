import { formatCount, formatDuration } from '../../format/number.ts'
import { type Fault, spansOf } from '../faults.ts'
import type { Check, MetricSpec, Series, Table, Timeline } from '../run-result.ts'
import type { Finding } from '../scenario.ts'
import { type LaneLog, type Stretch, stretchMs } from './lane-log.ts'
import type { FaultId, Parameters } from './parameters.ts'
import { faultLabels } from './plug.ts'
import { budgetMs, hurtFromMs, judge, type LaneFigures, maxStalenessMs, settleGuess, slackMs } from './verdict.ts'

export interface Found {
  readonly parameters: Parameters
  readonly logs: readonly LaneLog[]
  readonly faults: readonly Fault<FaultId>[]
  /** Of the measured time. */
  readonly fromMs: number
  readonly toMs: number
}

const metrics: readonly MetricSpec[] = [
  { id: 'errors', label: 'Reads that failed', unit: 'count', better: 'lower' },
  { id: 'hurt', label: 'Reads that failed, or that a user noticed', unit: 'share', better: 'lower' },
  { id: 'slowestMs', label: 'Slowest read', unit: 'ms', better: 'lower' },
  { id: 'backAfterMs', label: 'From the mending to the last of them', unit: 'ms', better: 'lower', about: '0: none after it.' },
  { id: 'mostLoads', label: 'Loads in the busiest second', unit: 'count', better: 'lower' },
  { id: 'loads', label: 'Loads in all', unit: 'count', better: 'lower' },
  { id: 'slowestLoadMs', label: 'Slowest load', unit: 'ms', better: 'lower', about: 'With the line before the source.' },
  { id: 'oldestMs', label: 'Longest that an old answer was served', unit: 'ms', better: 'lower', about: 'Counted from the change.' },
  { id: 'old', label: 'Old answers', unit: 'count', better: 'lower' },
  { id: 'lostChanges', label: 'Changes that Valkey was never told of', unit: 'count', better: 'lower' },
]

export function finding(found: Found): Finding {
  const { logs } = found
  const figures = logs.map(figuresOf)
  const guess = settleGuess(figures)
  return {
    verdict: judge(figures),
    ...(guess === undefined ? {} : { guess }),
    metrics,
    figures: Object.fromEntries(logs.map((log) => [log.id, metricsOf(log, found)])),
    series: [
      series(found, {
        id: 'slowest',
        title: 'The slowest read of each quarter of a second',
        summary: 'While Valkey is in trouble the lanes by hand wait, for it or for the source; Tiercel waits for one budget and one load.',
        unit: 'ms',
        value: ({ reads, slowestMs }) => (reads === 0 ? null : slowestMs),
      }),
      series(found, {
        id: 'loads',
        title: 'Loads at the source, per quarter of a second',
        summary: 'What the cache does not answer the source has to, unless callers of one key share a load.',
        unit: 'count',
        value: ({ loads }) => loads,
      }),
    ],
    timelines: [timeline({ ...found, isLive: false })],
    tables: [faultsTable(found)],
    checks: checks(found),
  }
}

function figuresOf(log: LaneLog): LaneFigures {
  const { id, recorder, slowestMs, slowestLoadMs, oldestMs, hurt } = log
  return { id, reads: recorder.requests, failed: recorder.count('error'), slowestMs, slowestLoadMs, hurt, oldestMs }
}

function metricsOf(log: LaneLog, { faults }: Found): Record<string, number | null> {
  const { recorder, slowestMs, slowestLoadMs, loads, mostLoadsPerSecond, oldestMs, outdated, lostChanges, lastHurtAtMs, hurt } = log
  const mendedAtMs = faults.at(-1)?.toMs
  return {
    errors: recorder.count('error'),
    hurt: recorder.requests === 0 ? null : hurt / recorder.requests,
    slowestMs,
    backAfterMs: mendedAtMs === undefined ? null : Math.max(0, (lastHurtAtMs ?? 0) - mendedAtMs),
    mostLoads: mostLoadsPerSecond,
    loads,
    slowestLoadMs,
    oldestMs,
    old: outdated,
    lostChanges: lostChanges.length,
  }
}

interface Drawn {
  readonly id: string
  readonly title: string
  readonly summary: string
  readonly unit: 'ms' | 'count'
  value(stretch: Stretch): number | null
}

function series({ logs, fromMs, toMs }: Found, { id, title, summary, unit, value }: Drawn): Series {
  const count = Math.floor((toMs - fromMs) / stretchMs)
  const places = Array.from({ length: count }, (_, place) => place)
  return {
    id,
    title,
    summary,
    x: { label: 'since the first read', unit: 'ms', values: places.map((place) => place * stretchMs) },
    y: { label: unit === 'ms' ? 'slowest read' : 'loads', unit },
    lines: logs.map((log) => ({
      laneId: log.id,
      label: log.recorder.label,
      values: places.map((place) => {
        const stretch = log.stretches[place]
        return stretch === undefined ? null : value(stretch)
      }),
    })),
  }
}

export function timeline(found: Found & { readonly isLive: boolean }): Timeline {
  const { parameters, logs, faults, fromMs, toMs, isLive } = found
  const at = (ms: number) => Math.round((ms - fromMs) * 100) / 100
  return {
    id: 'waits',
    title: 'Who waits, and for how long',
    summary:
      'Every mark is a read, at the moment of its answer and as high as it took; a line to its left is the time it waited. The bars below are loads at the source.',
    readers: 'user',
    names: { l1: 'from memory', l2: 'from Valkey', joined: 'shared a load', source: 'loaded', stale: 'an old answer' },
    height: 'Longest wait',
    lengthMs: Math.max(1, toMs - fromMs),
    spans: spansOf(faults, faultLabels, { fromMs, toMs, isLive }),
    tracks: logs.map((log) => ({
      laneId: log.id,
      label: log.recorder.label,
      limits: [{ label: 'a user notices', ageMs: hurtFromMs(parameters) }],
      readsPerMark: isLive ? 1 : log.reads.readsPerMark,
      reads: (isLive ? log.reads.live : log.reads.all).map(({ outcome, calledAtMs, answeredAtMs }) => {
        const tookMs = Math.max(0, answeredAtMs - calledAtMs)
        return { by: 1, outcome, calledMs: at(calledAtMs), answeredMs: at(answeredAtMs), ageMs: outcome === 'error' ? null : tookMs }
      }),
      loads: log.drawnLoads.map(({ startMs, endMs }) => ({ by: 1, startMs: at(startMs), endMs: at(endMs), end: 'done' as const })),
    })),
  }
}

function faultsTable({ faults, fromMs, toMs }: Found): Table {
  return {
    id: 'faults',
    title: 'What was done to Valkey',
    columns: [{ label: 'Fault' }, { label: 'After', unit: 'ms' }, { label: 'For', unit: 'ms' }],
    rows: faults.map(({ id, fromMs: startMs, toMs: endMs }) => [faultLabels[id], startMs - fromMs, (endMs ?? toMs) - startMs]),
  }
}

function checks({ logs }: Found): Check[] {
  const tiercel = logs.find(({ id }) => id === 'tiercel')
  if (tiercel === undefined) return []
  const { recorder, slowestMs, slowestLoadMs, oldestMs, lostChanges } = tiercel
  const slowestAllowedMs = budgetMs + slowestLoadMs + slackMs
  const failed = recorder.count('error')
  return [
    { name: 'With Tiercel, reads that failed', value: formatCount(failed), required: '0', ok: failed === 0 },
    {
      name: 'With Tiercel, no read takes longer than one budget and a load',
      value: formatDuration(slowestMs),
      required: `at most ${formatDuration(slowestAllowedMs)}: ${formatDuration(budgetMs)} for Valkey, ${formatDuration(slowestLoadMs)} at the source, ${formatDuration(slackMs)} for a busy machine`,
      ok: slowestMs <= slowestAllowedMs,
    },
    {
      name: 'With Tiercel, no old answer for longer than maxStaleness',
      value: formatDuration(oldestMs),
      required: `at most ${formatDuration(maxStalenessMs)}, and ${formatDuration(slackMs)} for a busy machine`,
      ok: oldestMs <= maxStalenessMs + slackMs,
    },
    {
      name: 'With Tiercel, changes that Valkey was never told of',
      value: formatCount(lostChanges.length),
      required: '0',
      ok: lostChanges.length === 0,
    },
  ]
}
