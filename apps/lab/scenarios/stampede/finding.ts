import { formatCount } from '../../format/number.ts'
import { medianOf } from '../../measure/median.ts'
import type { Check, MetricSpec, Table, Timeline } from '../run-result.ts'
import type { Finding } from '../scenario.ts'
import type { LaneLog } from './lane-log.ts'
import { graceOf, type Parameters } from './parameters.ts'
import type { ApproachId } from './protocol.ts'
import { allowedLoads, isTiercel, judge, type LaneFigures, meanOf, settleGuess } from './verdict.ts'

const metrics: readonly MetricSpec[] = [
  { id: 'loadsPerExpiry', label: 'Loads at the source per expiry', unit: 'amount', better: 'lower' },
  { id: 'mostLoads', label: 'Most loads for one expiry', unit: 'count', better: 'lower' },
  { id: 'waitedShare', label: 'Reads that waited for a load', unit: 'share', better: 'lower' },
  { id: 'waitMedianMs', label: 'Median of their waits', unit: 'ms', better: 'lower' },
  { id: 'waitLongestMs', label: 'Longest wait', unit: 'ms', better: 'lower' },
  { id: 'staleShare', label: 'Reads answered past the time to live', unit: 'share', better: 'lower' },
  { id: 'oldestMs', label: 'Age of the oldest answer', unit: 'ms', better: 'lower' },
  { id: 'errors', label: 'Reads that failed', unit: 'count', better: 'lower' },
  { id: 'commandsPerRead', label: 'Commands at Valkey per read', unit: 'amount', better: 'lower' },
]
const recovery: MetricSpec = { id: 'recoveredMs', label: 'From the kill to the next new value', unit: 'ms', better: 'lower' }

export function finding(parameters: Parameters, logs: readonly LaneLog[]): Finding {
  const figures = logs.map(figuresOf)
  const guess = settleGuess(figures)
  return {
    verdict: judge(figures, parameters.kill),
    ...(guess === undefined ? {} : { guess }),
    metrics: parameters.kill ? [...metrics, recovery] : metrics,
    figures: Object.fromEntries(logs.map((log) => [log.recorder.id, metricsOf(log)])),
    timelines: [timeline(parameters, logs)],
    tables: [byExpiry(logs)],
    checks: checks(parameters, logs),
  }
}

function figuresOf(log: LaneLog): LaneFigures {
  const { recorder } = log
  return {
    id: recorder.id as ApproachId,
    label: recorder.label,
    reads: recorder.requests,
    loads: [...log.loadsByExpiry],
    waitedShare: shareOf(log, log.waitsMs.length),
    longestWaitMs: longest(log),
    killedInExpiry: log.kill?.expiry,
    staleShare: shareOf(log, recorder.count('stale')),
    recoveredAfterMs: log.recoveredAfterMs,
  }
}

function metricsOf(log: LaneLog): Record<string, number | null> {
  const { recorder, waitsMs, loadsByExpiry } = log
  const hasReads = recorder.requests > 0
  return {
    loadsPerExpiry: meanOf(loadsByExpiry),
    mostLoads: loadsByExpiry.length === 0 ? null : Math.max(...loadsByExpiry),
    waitedShare: hasReads ? shareOf(log, waitsMs.length) : null,
    waitMedianMs: medianOf(waitsMs),
    waitLongestMs: hasReads ? longest(log) : null,
    staleShare: hasReads ? shareOf(log, recorder.count('stale')) : null,
    oldestMs: hasReads ? log.oldestMs : null,
    errors: recorder.count('error'),
    commandsPerRead: log.commands === undefined || log.readsSeen === 0 ? null : log.commands / log.readsSeen,
    recoveredMs: log.recoveredAfterMs,
  }
}

function longest({ longestWaitMs }: LaneLog): number {
  return Math.max(0, ...longestWaitMs.values())
}

function shareOf({ recorder }: LaneLog, count: number): number {
  return recorder.requests === 0 ? 0 : count / recorder.requests
}

function timeline(parameters: Parameters, logs: readonly LaneLog[]): Timeline {
  const withGrace = { label: 'ttl + grace', ageMs: parameters.ttl + graceOf(parameters) }
  const tracks = logs.map((log) => {
    const { recorder, fromMs = 0, toMs = fromMs, reads, readsPerMark } = log
    const at = (ms: number) => ms - fromMs
    return {
      laneId: recorder.id,
      label: recorder.label,
      limits: [{ label: 'ttl', ageMs: parameters.ttl }, ...(hasGrace(recorder.id) ? [withGrace] : [])],
      readsPerMark,
      reads: reads.map(({ by, calledAtMs, answeredAtMs, outcome, ageMs }) => {
        return { by: by + 1, outcome, calledMs: at(calledAtMs), answeredMs: at(answeredAtMs), ageMs }
      }),
      loads: log.countedLoads.map(({ by, startMs, endMs, end }) => {
        return { by: by + 1, startMs: at(startMs), endMs: at(endMs ?? toMs), end: end ?? 'failed' }
      }),
      lengthMs: toMs - fromMs,
    }
  })
  return {
    id: 'herds',
    title: 'Expiry after expiry',
    summary:
      'Every mark is a read, as high as its answer was old; a line to its left is the time it waited. The bars below are loads at the source, as long as they took.',
    readers: 'process',
    lengthMs: Math.max(1, ...tracks.map(({ lengthMs }) => lengthMs)),
    spans: [],
    tracks: tracks.map(({ lengthMs: _length, ...track }) => track),
  }
}

function hasGrace(id: string): boolean {
  return id === 'xfetch' || id === 'grace'
}

function byExpiry(logs: readonly LaneLog[]): Table {
  return {
    id: 'by-expiry',
    title: 'Expiry by expiry',
    columns: [{ label: 'Lane' }, { label: 'Expiry' }, { label: 'Loads', unit: 'count' }, { label: 'Longest wait', unit: 'ms' }],
    rows: logs.flatMap((log) =>
      [...log.loadsByExpiry].map((loads, place) => {
        const expiry = place + 1
        return [log.recorder.label, formatCount(expiry), loads ?? 0, log.longestWaitMs.get(expiry) ?? null]
      }),
    ),
  }
}

/** A value is loaded a moment before its life begins. */
const ageSlackMs = 100

function checks(parameters: Parameters, logs: readonly LaneLog[]): Check[] {
  const failed = logs.reduce((sum, { recorder }) => sum + recorder.count('error'), 0)
  const tiercel = logs.filter(({ recorder }) => isTiercel(recorder.id))
  const surplus = tiercel.flatMap((log) => log.loadsByExpiry.map((loads, place) => loads - allowedLoads(log.kill?.expiry, place + 1)))
  const most = Math.max(0, ...surplus)
  const excused = tiercel.reduce((sum, { storeErrors, lostLeases }) => sum + storeErrors + lostLeases, 0)
  const tooOld = tiercel.filter(({ recorder, oldestWhenDueMs }) => {
    return oldestWhenDueMs > parameters.ttl + (hasGrace(recorder.id) ? graceOf(parameters) : 0) + ageSlackMs
  })
  return [
    { name: 'Reads that failed', value: formatCount(failed), required: '0', ok: failed === 0 },
    {
      name: 'Tiercel loads once per expiry, and once more where the loader was killed',
      value: `${formatCount(most)} loads more than that`,
      required: excused === 0 ? '0' : `at most ${formatCount(excused)}, one for each time Valkey did not answer or a lease ran out`,
      ok: most <= excused,
    },
    {
      name: 'No answer of Tiercel is older than ttl and grace allow',
      value: `${formatCount(tooOld.length)} lanes gave older ones`,
      required: '0',
      ok: tooOld.length === 0,
    },
  ]
}
