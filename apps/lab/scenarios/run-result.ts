import type { Unit } from '../format/number.ts'
import { type Outcome, outcomes } from './outcome.ts'
import type { AnyValues } from './parameters.ts'

/**
 * What a run measured, complete and by itself: the page draws it, the command line prints it, a file keeps it, a later run is
 * compared with it. Every scenario has this form, so that a new one needs no new interface.
 */
export interface RunResult {
  readonly format: typeof resultFormat
  readonly version: typeof resultVersion
  readonly scenario: string
  readonly title: string
  readonly parameters: AnyValues
  readonly seed: number
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly durationMs: number
  /** `stopped`: somebody ended it early; what was measured until then is here. */
  readonly status: 'done' | 'stopped'
  readonly environment: readonly Fact[]
  readonly verdict: Verdict
  /** Settles the guess: which option the figures prove right, and why. Absent when too little was measured. */
  readonly guess?: { readonly answer: string; readonly because: string }
  readonly lanes: readonly LaneResult[]
  readonly metrics: readonly MetricSpec[]
  readonly series: readonly Series[]
  readonly timelines: readonly Timeline[]
  readonly tables: readonly Table[]
  readonly checks: readonly Check[]
  /** What the reader must know to read the figures rightly: bounds that were met, numbers that were reduced. */
  readonly notes: readonly string[]
  readonly exhibits: readonly Exhibit[]
}

export const resultFormat = 'tiercel-lab-run'
/** Version 2 brought timelines, and the outcomes `waited` and `refreshed`; files of version 1 are read as having none. */
export const resultVersion = 2

export interface Fact {
  readonly id: string
  readonly label: string
  readonly value: string
  readonly about?: string
}

export interface Verdict {
  readonly outcome: 'pays' | 'pays-little' | 'does-not-pay' | 'holds' | 'does-not-hold' | 'unclear'
  /** One or two sentences in plain words, with figures of this run. */
  readonly sentence: string
  /** The rule by which it was judged. */
  readonly rule: string
}

export interface LaneResult {
  readonly id: string
  readonly label: string
  readonly requests: number
  readonly outcomes: Readonly<Record<Outcome, number>>
  readonly latency: LatencySummary
  readonly histogram: Histogram
  /** By the `id` of the metric. `null`: not to be had in this lane. */
  readonly metrics: Readonly<Record<string, number | null>>
}

export interface LatencySummary {
  readonly count: number
  readonly meanMs: number | null
  readonly minMs: number | null
  readonly maxMs: number | null
  readonly percentiles: readonly Percentile[]
}

export interface Percentile {
  /** Such as 0.99. */
  readonly quantile: number
  /** `null` when fewer than five samples lie beyond it. */
  readonly ms: number | null
  /** 95 % confidence interval by order statistics: no shape of distribution is assumed, but independent samples are. */
  readonly lowMs: number | null
  readonly highMs: number | null
}

export const quantiles = [0.5, 0.95, 0.99, 0.999] as const

/**
 * Counts on one fixed logarithmic grid, by outcome, as pairs of bucket and count: histograms of any two lanes or runs can be laid
 * over each other. Bucket b holds durations from `origin × 10^(b / perDecade)` on.
 */
export type Histogram = Readonly<Partial<Record<Outcome, readonly (readonly [bucket: number, count: number])[]>>>

export const histogramGrid = { originMs: 1e-4, perDecade: 12 } as const

export function bucketOf(ms: number): number {
  return Math.max(0, Math.floor(Math.log10(ms / histogramGrid.originMs) * histogramGrid.perDecade + 1e-9))
}

export function bucketStartMs(bucket: number): number {
  return histogramGrid.originMs * 10 ** (bucket / histogramGrid.perDecade)
}

export interface MetricSpec {
  readonly id: string
  readonly label: string
  readonly unit: Unit
  /** Which direction is good; none for a plain fact. */
  readonly better?: 'lower' | 'higher'
  readonly about?: string
}

/** One chart of lines: the same x for all of them. */
export interface Series {
  readonly id: string
  readonly title: string
  /** What can be seen in it, in one sentence, for those who cannot see it. */
  readonly summary: string
  readonly x: { readonly label: string; readonly unit: Unit; readonly values: readonly number[] }
  readonly y: { readonly label: string; readonly unit: Unit }
  readonly lines: readonly { readonly laneId: string; readonly label: string; readonly values: readonly (number | null)[] }[]
}

/** The life of one key: reads by the age of their answer, loads as bars; one track a lane over one axis of time. */
export interface Timeline {
  readonly id: string
  readonly title: string
  /** What can be seen in it, for those who cannot see it. */
  readonly summary: string
  /** What the numbers of those who read and load are numbers of, such as `process`. */
  readonly readers: string
  /** Names of the marks, where the usual ones do not fit. */
  readonly names?: Readonly<Partial<Record<Outcome, string>>>
  /** What the height of a mark is called in the table, where it is not the age of the answer. */
  readonly height?: string
  readonly lengthMs: number
  /** Times in which something is different, in all tracks. */
  readonly spans: readonly { readonly label: string; readonly startMs: number; readonly endMs: number }[]
  /** Things that happened, in all tracks. */
  readonly moments?: readonly { readonly label: string; readonly atMs: number }[]
  readonly tracks: readonly TimelineTrack[]
}

export interface TimelineTrack {
  readonly laneId: string
  readonly label: string
  /** Ages at which something ends, the lowest first. */
  readonly limits: readonly { readonly label: string; readonly ageMs: number }[]
  /** 1: all reads are here; 4: every fourth. */
  readonly readsPerMark: number
  readonly reads: readonly TimelineRead[]
  readonly loads: readonly TimelineLoad[]
}

export interface TimelineRead {
  readonly by: number
  readonly outcome: Outcome
  readonly calledMs: number
  readonly answeredMs: number
  /** When it was answered; `null` for a failure. */
  readonly ageMs: number | null
}

export interface TimelineLoad {
  readonly by: number
  readonly startMs: number
  readonly endMs: number
  readonly end: 'done' | 'failed' | 'killed'
}

export interface Table {
  readonly id: string
  readonly title: string
  readonly columns: readonly { readonly label: string; readonly unit?: Unit }[]
  readonly rows: readonly (readonly (string | number | null)[])[]
}

/** Something that has to be so; shown with its figure whether it holds or not. */
export interface Check {
  readonly name: string
  readonly value: string
  readonly required: string
  readonly ok: boolean
}

/** Something to look at: code, SQL, a plan, commands. */
export interface Exhibit {
  readonly id: string
  readonly kind: 'code' | 'sql' | 'plan' | 'commands'
  readonly title: string
  /** One or two sentences: what to look for. */
  readonly about?: string
  readonly text: string
}

/**
 * Reads a saved run.
 * @throws {Error} with what is wrong, in words for the reader
 */
export function parseSavedRun(text: string): RunResult {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error('This is not JSON.')
  }
  if (!isRecord(value) || value['format'] !== resultFormat) throw new Error('This file is not a run saved by the lab.')
  const { version } = value
  if (version !== 1 && version !== resultVersion) {
    throw new Error(`This run has version ${String(version)} of the format; this lab reads versions 1 and ${resultVersion}.`)
  }
  const broken = brokenPart(value)
  if (broken !== undefined) throw new Error(`This run is damaged: its ${broken} cannot be read.`)
  const run = value as unknown as RunResult
  return version === 1 ? { ...run, version: resultVersion, timelines: [], lanes: run.lanes.map(withAllOutcomes) } : run
}

function withAllOutcomes(lane: LaneResult): LaneResult {
  const counts = outcomes.map((outcome) => [outcome, lane.outcomes[outcome] ?? 0])
  return { ...lane, outcomes: Object.fromEntries(counts) as Record<Outcome, number> }
}

/** Only what a comparison reads is looked at. */
function brokenPart(value: Record<string, unknown>): string | undefined {
  const { scenario, startedAt, parameters, seed, lanes, metrics } = value
  if (typeof scenario !== 'string') return 'scenario'
  if (typeof startedAt !== 'string') return 'date'
  if (!isRecord(parameters) || typeof seed !== 'number') return 'parameters'
  if (!Array.isArray(metrics) || !metrics.every((metric) => isRecord(metric) && typeof metric['id'] === 'string')) return 'metrics'
  const needed = value['version'] === 1 ? outcomesOfVersion1 : outcomes
  if (!Array.isArray(lanes) || !lanes.every((lane) => isLane(lane, needed))) return 'lanes'
  return undefined
}

const outcomesOfVersion1: readonly Outcome[] = ['l1', 'l2', 'stale', 'joined', 'source', 'error']

function isLane(lane: unknown, needed: readonly Outcome[]): boolean {
  if (!isRecord(lane) || typeof lane['id'] !== 'string' || typeof lane['label'] !== 'string') return false
  const { latency, metrics, outcomes: counts } = lane
  if (!isRecord(latency) || !isRecord(metrics) || !isRecord(counts)) return false
  const { percentiles } = latency
  return (
    Array.isArray(percentiles) &&
    percentiles.every((percentile) => isRecord(percentile) && typeof percentile['quantile'] === 'number' && isFigure(percentile['ms'])) &&
    Object.values(metrics).every(isFigure) &&
    needed.every((outcome) => typeof counts[outcome] === 'number')
  )
}

function isFigure(value: unknown): boolean {
  return value === null || typeof value === 'number'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
