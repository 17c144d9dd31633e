import { formatCount, formatDuration } from '../../format/number.ts'
import { type Outcome, outcomeFacts, outcomes } from '../outcome.ts'
import type { Check, MetricSpec, Table, Timeline } from '../run-result.ts'
import type { Finding } from '../scenario.ts'
import type { Lane } from './lane.ts'
import type { Parameters } from './parameters.ts'
import { troubleSpan } from './troubled-source.ts'
import { judge, type LaneFigures, settleGuess } from './verdict.ts'

const metrics: readonly MetricSpec[] = [
  { id: 'freshShare', label: 'Reads answered fresh, at once', unit: 'share', better: 'higher' },
  { id: 'staleShare', label: 'Reads answered stale', unit: 'share', better: 'lower' },
  { id: 'waitedShare', label: 'Reads that waited for a load', unit: 'share', better: 'lower' },
  { id: 'errorShare', label: 'Reads that failed', unit: 'share', better: 'lower' },
  { id: 'longestMs', label: 'Slowest read', unit: 'ms', better: 'lower' },
  { id: 'oldestMs', label: 'Age of the oldest answer', unit: 'ms', better: 'lower' },
  { id: 'loads', label: 'Loads at the source', unit: 'count' },
  { id: 'failedLoads', label: 'of which failed', unit: 'count' },
]

export function finding(parameters: Parameters, lanes: readonly Lane[], lengthMs: number): Finding {
  const [plain, ages] = lanes as readonly [Lane, Lane]
  const guess = settleGuess(figuresOf(ages))
  return {
    verdict: judge(figuresOf(plain), figuresOf(ages), parameters.ttl + parameters.grace + ageSlackMs),
    ...(guess === undefined ? {} : { guess }),
    metrics,
    figures: Object.fromEntries(lanes.map((lane) => [lane.recorder.id, metricsOf(lane)])),
    timelines: [timeline(parameters, lanes, lengthMs)],
    tables: [byOutcome(lanes), loadsTable(lanes)],
    checks: checks(parameters, lanes),
  }
}

function figuresOf({ recorder, held }: Lane): LaneFigures {
  const { longestMs, oldestMs, oldestWhenDueMs } = held
  return {
    reads: recorder.requests,
    waited: held.count,
    failed: recorder.count('error'),
    stale: recorder.count('stale'),
    longestMs,
    oldestMs,
    oldestWhenDueMs,
  }
}

function metricsOf({ recorder, held, source }: Lane): Record<string, number | null> {
  const share = (count: number) => (recorder.requests === 0 ? null : count / recorder.requests)
  return {
    freshShare: share(recorder.count('l2') + recorder.count('refreshed')),
    staleShare: share(recorder.count('stale')),
    waitedShare: share(held.count),
    errorShare: share(recorder.count('error')),
    longestMs: held.longestMs,
    oldestMs: held.oldestMs,
    loads: source.loads.length,
    failedLoads: source.loads.filter(({ end }) => end === 'failed').length,
  }
}

function timeline(parameters: Parameters, lanes: readonly Lane[], lengthMs: number): Timeline {
  const { ttl, grace, trouble } = parameters
  const span = troubleSpan(parameters)
  const label = trouble === 'slow' ? 'the source is slow' : 'the source fails'
  return {
    id: 'ages',
    title: 'The life of one key',
    summary:
      'Every mark is a read, as high as its answer was old; a line to its left is the time it waited. Answers get older until a load has ended; the bars below are the loads.',
    readers: 'reader',
    lengthMs,
    spans: span === undefined || span.startMs >= lengthMs ? [] : [{ label, startMs: span.startMs, endMs: Math.min(span.endMs, lengthMs) }],
    tracks: lanes.map(({ recorder, reads, source }) => ({
      laneId: recorder.id,
      label: recorder.label,
      limits: [
        { label: 'ttl', ageMs: ttl },
        ...(recorder.id === 'ages' && grace > 0 ? [{ label: 'ttl + grace', ageMs: ttl + grace }] : []),
      ],
      readsPerMark: reads.every,
      reads: reads.items,
      loads: source.loads.map(({ by, startMs, endMs, end }) => ({ by, startMs, endMs: endMs ?? lengthMs, end: end ?? 'failed' })),
    })),
  }
}

function byOutcome(lanes: readonly Lane[]): Table {
  const columns = [
    { label: 'Lane' },
    { label: 'Read' },
    { label: 'Reads', unit: 'count' },
    { label: 'Share', unit: 'share' },
    { label: 'Mean time', unit: 'ms' },
  ] as const
  const row = ({ recorder }: Lane, outcome: Outcome) => {
    const count = recorder.count(outcome)
    return [recorder.label, outcomeFacts[outcome].about, count, count / recorder.requests, recorder.meanMs(outcome)]
  }
  const rows = lanes.flatMap((lane) => outcomes.filter((outcome) => lane.recorder.count(outcome) > 0).map((outcome) => row(lane, outcome)))
  return { id: 'by-outcome', title: 'How reads ended', columns, rows }
}

const mostRows = 60

function loadsTable(lanes: readonly Lane[]): Table {
  const columns = [
    { label: 'Lane' },
    { label: 'Began after' },
    { label: 'Took', unit: 'ms' },
    { label: 'By reader' },
    { label: 'Ended' },
  ] as const
  const rows = lanes.flatMap(({ recorder, source }) =>
    source.loads.slice(0, mostRows).map(({ startMs, endMs, by, end }) => {
      return [
        recorder.label,
        formatDuration(startMs),
        endMs === undefined ? null : endMs - startMs,
        String(by),
        end === 'done' ? 'with a value' : 'in failure',
      ]
    }),
  )
  return { id: 'loads', title: 'Loads, one by one', columns, rows }
}

/** A value is loaded a moment before its life begins. */
const ageSlackMs = 100

function checks({ ttl, grace }: Parameters, lanes: readonly Lane[]): Check[] {
  const [plain, ages] = lanes as readonly [Lane, Lane]
  const differing = lanes.reduce((sum, { source, loadsCounted }) => sum + Math.abs(source.loads.length - loadsCounted()), 0)
  const bound = (name: string, { held }: Lane, allowedMs: number): Check => {
    const ok = held.oldestWhenDueMs <= allowedMs + ageSlackMs
    return {
      name,
      value: `the oldest was ${formatDuration(held.oldestWhenDueMs)} old when it was asked for`,
      required: `at most ${formatDuration(allowedMs)}`,
      ok,
    }
  }
  return [
    bound('Without grace, no answer is older than ttl', plain, ttl),
    bound('With grace, none is older than ttl and grace together', ages, ttl + grace),
    {
      name: "The caches' own counters agree with the source",
      value: `${formatCount(differing)} loads counted differently`,
      required: '0',
      ok: differing === 0,
    },
  ]
}
