import type { Timeline, TimelineTrack } from '../../scenarios/run-result.ts'
import { packRows } from './pack-rows.ts'

/** Where things lie in a drawn timeline, in CSS pixels. */
export interface TimelineFrame {
  readonly width: number
  readonly plotHeight: number
  readonly ticks: readonly number[]
  x(ms: number): number
  /** Of an age; 0 is at the bottom of the plot. */
  y(ageMs: number): number
  /** Highest age that has a place. */
  readonly topMs: number
}

const gutter = 2
const ticksEveryPx = 90

export function timelineFrame({ tracks, lengthMs }: Timeline, width: number, plotHeight: number): TimelineFrame {
  const ages = tracks.flatMap(({ reads, limits }) => [limits[0]?.ageMs ?? 0, ...reads.map(({ ageMs }) => ageMs ?? 0)])
  const oldestMs = Math.max(1, ...ages)
  // A grace that nobody came near would press everything else to the ground.
  const near = tracks.flatMap(({ limits }) => limits.map(({ ageMs }) => ageMs)).filter((ageMs) => ageMs <= oldestMs * 1.6)
  const topMs = Math.max(oldestMs, ...near) * 1.06
  return {
    width,
    plotHeight,
    topMs,
    ticks: ticksOf(lengthMs, width),
    x: (ms) => gutter + Math.min(1.005, Math.max(0, ms / lengthMs)) * (width - 2 * gutter),
    y: (ageMs) => plotHeight - (Math.min(ageMs, topMs) / topMs) * plotHeight,
  }
}

/** Round moments, as many as there is room for. */
function ticksOf(lengthMs: number, width: number): number[] {
  const leastMs = (lengthMs * ticksEveryPx) / Math.max(ticksEveryPx, width)
  const magnitude = 10 ** Math.floor(Math.log10(leastMs))
  const stepMs = ([1, 2, 5, 10].find((factor) => factor * magnitude >= leastMs) ?? 10) * magnitude
  return Array.from({ length: Math.floor(lengthMs / stepMs) + 1 }, (_, place) => place * stepMs)
}

export interface LoadBar {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly end: TimelineTrack['loads'][number]['end']
}

const mostLoadsHeight = 54
const tallestBar = 9

/** Loads that overlap lie below each other; a herd becomes a block. */
export function loadBars({ loads }: TimelineTrack, { x }: TimelineFrame): { bars: readonly LoadBar[]; height: number } {
  const sorted = [...loads].sort((one, other) => one.startMs - other.startMs)
  const rows = packRows(sorted)
  const count = Math.max(1, ...rows.map((row) => row + 1))
  const pitch = Math.min(tallestBar + 2, mostLoadsHeight / count)
  const gap = pitch > 4 ? 2 : pitch > 2 ? 1 : 0
  const bars = sorted.map(({ startMs, endMs, end }, place): LoadBar => {
    const left = x(Math.max(0, startMs))
    return { x: left, y: (rows[place] ?? 0) * pitch, width: Math.max(1.5, x(endMs) - left), height: Math.max(0.8, pitch - gap), end }
  })
  return { bars, height: count * pitch }
}
