import { zipfExpectedDistinct } from '@tiercel/workloads'
import { formatCount, formatDuration, thinSpace } from '../../format/number.ts'
import type { Check, MetricSpec, Series, Table } from '../run-result.ts'
import type { Finding } from '../scenario.ts'
import type { Lane } from './lanes.ts'
import type { Parameters } from './parameters.ts'
import type { SourceShares } from './source-shares.ts'
import { type Figures, judge, type LaneFigures, settleGuess } from './verdict.ts'

const metrics: readonly MetricSpec[] = [
  { id: 'l1Share', label: 'Answered by L1', unit: 'share', better: 'higher' },
  { id: 'l2Share', label: 'Answered by Valkey', unit: 'share', better: 'higher' },
  { id: 'joinedShare', label: 'Shared a load under way', unit: 'share', better: 'higher' },
  { id: 'queries', label: 'Queries that reached the database', unit: 'count', better: 'lower' },
  { id: 'queriesPerThousand', label: `Queries per 1${thinSpace}000 requests`, unit: 'count', better: 'lower' },
  { id: 'waitedMsPerThousand', label: `Waiting for the database per 1${thinSpace}000 requests`, unit: 'ms', better: 'lower' },
]

export interface Measured {
  readonly parameters: Parameters
  readonly lanes: readonly Lane[]
  readonly ranks: Uint32Array
  readonly keys: number
  readonly roundTripMs: number | null
  readonly windows: readonly SourceShares[]
  readonly checks: readonly Check[]
}

export function finding({ parameters, lanes, ranks, keys, roundTripMs, windows, checks }: Measured): Finding {
  const [uncached, ...cached] = lanes.map(figuresOf)
  const figures: Figures = { uncached: uncached as LaneFigures, cached, roundTripMs, ttl: parameters.ttl }
  const guess = settleGuess(figures)
  return {
    verdict: judge(figures),
    ...(guess === undefined ? {} : { guess }),
    metrics,
    figures: Object.fromEntries(lanes.map((lane) => [lane.recorder.id, metricsOf(lane)])),
    series: [warming(parameters, lanes, windows)],
    tables: [byOutcome(lanes), background(parameters, ranks, keys, roundTripMs, lanes)],
    checks,
  }
}

function figuresOf({ recorder, sent }: Lane): LaneFigures {
  return {
    label: recorder.label,
    requests: recorder.requests,
    meanMs: recorder.meanMs(),
    medianMs: recorder.percentileMs(0.5),
    p99Ms: recorder.percentileMs(0.99),
    sourceShare: recorder.requests === 0 ? 0 : sent.queries / recorder.requests,
  }
}

function metricsOf({ recorder, sent }: Lane): Record<string, number | null> {
  const { requests } = recorder
  const isCached = recorder.id !== 'none'
  const ofRequests = (amount: number) => (requests === 0 ? null : amount / requests)
  const perThousand = (amount: number) => (requests === 0 ? null : (amount * 1000) / requests)
  return {
    l1Share: recorder.id === 'l1-l2' ? ofRequests(recorder.count('l1')) : null,
    l2Share: isCached ? ofRequests(recorder.count('l2')) : null,
    joinedShare: isCached ? ofRequests(recorder.count('joined')) : null,
    queries: sent.queries,
    queriesPerThousand: perThousand(sent.queries),
    waitedMsPerThousand: perThousand(sent.waitedMs),
  }
}

function byOutcome(lanes: readonly Lane[]): Table {
  const rows = lanes.flatMap(({ recorder }) =>
    (['l1', 'l2', 'joined', 'source', 'error'] as const)
      .filter((outcome) => recorder.count(outcome) > 0)
      .map((outcome) => [
        recorder.label,
        labels[outcome],
        recorder.count(outcome),
        recorder.count(outcome) / recorder.requests,
        recorder.meanMs(outcome),
      ]),
  )
  const columns = [
    { label: 'Lane' },
    { label: 'Answered by' },
    { label: 'Requests', unit: 'count' },
    { label: 'Share', unit: 'share' },
    { label: 'Mean time', unit: 'ms' },
  ] as const
  return { id: 'by-outcome', title: 'Who answered, and how fast', columns, rows }
}

const labels = { l1: 'L1', l2: 'Valkey', joined: 'a load under way', source: 'the database', error: 'nobody (failed)' } as const

function background({ skew }: Parameters, ranks: Uint32Array, keys: number, roundTripMs: number | null, lanes: readonly Lane[]): Table {
  const expected = zipfExpectedDistinct({ items: keys, exponent: skew, requests: ranks.length })
  return {
    id: 'background',
    title: 'Behind the figures',
    columns: [{ label: 'What' }, { label: 'Value' }],
    rows: [
      ['`SELECT $1::int`, which touches no table, median', roundTripMs === null ? '–' : formatDuration(roundTripMs)],
      ['Different questions among the requests', formatCount(new Set(ranks).size)],
      ["As many are expected by Zipf's law", formatCount(expected)],
      ...lanes
        .filter(({ recorder }) => recorder.id !== 'none')
        .map((lane) => [`Loads beyond the first of each key: ${lane.recorder.label}`, repeated(lane, ranks)]),
    ],
  }
}

/** Values that ran out are loaded again; and for a moment a loaded value is still on its way to Valkey, where another instance may look for it. */
function repeated({ recorder, sent }: Lane, ranks: Uint32Array): string {
  return formatCount(sent.queries - new Set(ranks.subarray(0, recorder.requests)).size)
}

function warming(parameters: Parameters, lanes: readonly Lane[], windows: readonly SourceShares[]): Series {
  const x = (windows[0] as SourceShares).ends
  return {
    id: 'warming',
    title: 'How the caches warm up',
    summary:
      'Share of the requests that reached the database, along the sequence: without a cache all of them, with one fewer and fewer as it fills.',
    x: { label: 'requests so far', unit: 'count', values: x },
    y: { label: 'reached the database', unit: 'share' },
    lines: lanes.map(({ recorder }, place) => ({
      laneId: recorder.id,
      label: recorder.label,
      values: (windows[place] as SourceShares).shares(Math.min(recorder.requests, parameters.requests)),
    })),
  }
}
