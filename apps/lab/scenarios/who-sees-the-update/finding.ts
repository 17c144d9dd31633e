import { formatCount, formatDuration } from '../../format/number.ts'
import { medianOf } from '../../measure/median.ts'
import { spansOf } from '../faults.ts'
import type { Check, MetricSpec, Table, Timeline } from '../run-result.ts'
import type { Finding } from '../scenario.ts'
import type { LaneLog } from './lane-log.ts'
import type { Parameters } from './parameters.ts'
import { boundOf, judge, type LaneFigures, settleGuess, slackMs } from './verdict.ts'
import { faultLabels, type Wire } from './wire.ts'

export interface Found {
  readonly parameters: Parameters
  readonly logs: readonly LaneLog[]
  readonly wire: Pick<Wire, 'faults'>
  /** Of the measured time. */
  readonly fromMs: number
  readonly toMs: number
  readonly updates: readonly number[]
}

const metrics: readonly MetricSpec[] = [
  { id: 'oldestMs', label: 'Longest that an old row was served', unit: 'ms', better: 'lower', about: 'Counted from the commit.' },
  {
    id: 'boundMs',
    label: 'It could not have been longer than',
    unit: 'ms',
    better: 'lower',
    about: 'By the options of the lane: its time to live, or its lease.',
  },
  { id: 'oldShare', label: 'Reads that got an old row', unit: 'share', better: 'lower' },
  { id: 'seenMedianMs', label: 'From the commit to the new row, median', unit: 'ms', better: 'lower' },
  { id: 'unseen', label: 'Changes not seen by the end', unit: 'count', better: 'lower' },
  { id: 'l1Share', label: 'Reads answered from memory', unit: 'share', better: 'higher', about: 'Old rows among them.' },
  { id: 'loads', label: 'Loads of the other process', unit: 'count', better: 'lower' },
  { id: 'slowestMs', label: 'Slowest read', unit: 'ms', better: 'lower' },
  { id: 'errors', label: 'Reads that failed', unit: 'count', better: 'lower' },
]

export function finding(found: Found): Finding {
  const { parameters, logs } = found
  const figures = logs.map(figuresOf)
  const guess = settleGuess(figures, parameters)
  return {
    verdict: judge(figures, parameters),
    ...(guess === undefined ? {} : { guess }),
    metrics,
    figures: Object.fromEntries(logs.map((log) => [log.id, metricsOf(log, parameters)])),
    timelines: [timeline({ ...found, isLive: false })],
    tables: [bounds(found)],
    checks: checks(found),
  }
}

function figuresOf(log: LaneLog): LaneFigures {
  const { id, recorder, changes, oldestMs, isStillOld } = log
  return { id, label: recorder.label, reads: recorder.requests, changes, oldestMs, isStillOld }
}

function metricsOf(log: LaneLog, { ttl, maxStaleness }: Parameters): Record<string, number | null> {
  const { recorder, oldestMs, outdated, seenAfterMs, changes, loads } = log
  const reads = log.reads.all
  const share = (count: number) => (recorder.requests === 0 ? null : count / recorder.requests)
  const inMemory = reads.filter(({ from }) => from === 'l1').length
  return {
    oldestMs,
    boundMs: log.id === 'lease' ? maxStaleness : ttl * 1000,
    oldShare: share(outdated),
    seenMedianMs: medianOf(seenAfterMs),
    unseen: Math.max(0, changes - seenAfterMs.length),
    l1Share: reads.length === 0 ? null : inMemory / reads.length,
    loads: loads.length,
    slowestMs: reads.length === 0 ? null : Math.max(...reads.map(({ askedAtMs, answeredAtMs }) => answeredAtMs - askedAtMs)),
    errors: recorder.count('error'),
  }
}

export function timeline(found: Found & { readonly isLive: boolean }): Timeline {
  const { parameters, logs, wire, fromMs, toMs, updates, isLive } = found
  const at = (ms: number) => ms - fromMs
  return {
    id: 'gates',
    title: 'How long the old gate was shown',
    summary:
      'Every mark is a read of the other process, as high as the time that had passed since its answer was replaced in the database; on the ground: the newest row. Thin lines are changes of the gate, bars are loads.',
    readers: 'process',
    names: { l1: 'newest, from memory', l2: 'newest, from Valkey', source: 'newest, loaded', stale: 'an old row' },
    height: 'Longest outdated',
    lengthMs: Math.max(1, toMs - fromMs),
    spans: spansOf(wire.faults, faultLabels, { fromMs, toMs, isLive }),
    moments: updates.map((ms) => ({ label: 'the gate changes', atMs: at(ms) })),
    tracks: logs.map((log) => ({
      laneId: log.id,
      label: log.recorder.label,
      limits: log.id === 'lease' ? [{ label: 'maxStaleness', ageMs: parameters.maxStaleness }] : [],
      readsPerMark: isLive ? 1 : log.reads.readsPerMark,
      reads: (isLive ? log.reads.live : log.reads.all).map(({ outcome, askedAtMs, answeredAtMs, outdatedMs }) => {
        return {
          by: 2,
          outcome,
          calledMs: round(at(askedAtMs)),
          answeredMs: round(at(answeredAtMs)),
          ageMs: outdatedMs && round(outdatedMs),
        }
      }),
      loads: log.loads.map(({ startMs, endMs, hasFailed }) => {
        return { by: 2, startMs: at(startMs), endMs: at(endMs ?? toMs), end: hasFailed ? 'failed' : 'done' } as const
      }),
    })),
  }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}

function bounds({ logs, parameters }: Found): Table {
  return {
    id: 'bounds',
    title: 'What bounds it',
    columns: [
      { label: 'Lane' },
      { label: 'Old row served for up to', unit: 'ms' },
      { label: 'At the end' },
      { label: 'Cannot be longer than' },
    ],
    rows: logs.map((log) => [
      log.recorder.label,
      log.oldestMs,
      log.isStillOld ? 'still served' : 'the newest row',
      boundOf(log.id, parameters),
    ]),
  }
}

function checks({ logs, parameters }: Found): Check[] {
  const failed = logs.reduce((sum, { recorder }) => sum + recorder.count('error'), 0)
  const tiercel = logs.find(({ id }) => id === 'lease')
  const changes = new Set(logs.map((log) => log.changes))
  return [
    {
      name: 'Tiercel serves no old row for longer than maxStaleness',
      value: formatDuration(tiercel?.oldestMs ?? 0),
      required: `at most ${formatDuration(parameters.maxStaleness)}, and ${formatDuration(slackMs)} for a busy machine`,
      ok: (tiercel?.oldestMs ?? 0) <= parameters.maxStaleness + slackMs,
    },
    {
      name: 'Tiercel serves the newest row at the end',
      value: tiercel?.isStillOld === true ? 'no' : 'yes',
      required: 'yes',
      ok: tiercel?.isStillOld !== true,
    },
    {
      name: 'All lanes saw the same number of changes in the database',
      value: [...changes].map((count) => formatCount(count)).join(', '),
      required: 'one number',
      ok: changes.size === 1,
    },
    { name: 'Reads that failed', value: formatCount(failed), required: '0', ok: failed === 0 },
  ]
}
