import { expect, test } from 'vitest'
import type { Timeline, TimelineRead } from '../scenarios/run-result.ts'
import { timelineSlices } from './timeline-slices.ts'
import { timelineText } from './timeline-text.ts'

const read = (answeredMs: number, outcome: TimelineRead['outcome'], ageMs: number | null = 10): TimelineRead => {
  return { by: 1, outcome, calledMs: answeredMs - 5, answeredMs, ageMs }
}
const track = {
  laneId: 'ages',
  label: 'With ages',
  limits: [],
  readsPerMark: 1,
  reads: [read(5, 'source', 0), read(15, 'l2'), read(15, 'stale', 40), read(25, 'refreshed'), read(35, 'error', null), read(99, 'joined')],
  loads: [
    { by: 1, startMs: 0, endMs: 4, end: 'done' },
    { by: 1, startMs: 12, endMs: 31, end: 'failed' },
  ],
} as const

test('reads and loads are counted where they belong', () => {
  const slices = timelineSlices(track, 100, 10)
  expect(slices.map(({ fresh, stale, waited, failed }) => [fresh, stale, waited, failed]).slice(0, 4)).toEqual([
    [0, 0, 1, 0],
    [1, 1, 0, 0],
    [1, 0, 0, 0],
    [0, 0, 0, 1],
  ])
  expect(slices[9]?.waited).toBe(1)
  expect(slices.map(({ oldestMs }) => oldestMs).slice(0, 4)).toEqual([0, 40, 10, null])
  expect(slices.map(({ load }) => load).slice(0, 5)).toEqual(['done', 'failed', 'failed', 'failed', undefined])
  expect(slices.map(({ loadsBegun }) => loadsBegun).slice(0, 3)).toEqual([1, 1, 0])
})

test('on a terminal, a letter for each stretch', () => {
  const timeline: Timeline = {
    id: 'ages',
    title: 'The life of one key',
    summary: '',
    readers: 'reader',
    lengthMs: 72,
    spans: [{ label: 'the source fails', startMs: 12, endMs: 32 }],
    tracks: [track],
  }
  const [title, span, reads, loads] = timelineText(timeline).split('\n')
  expect(title).toContain('from left to right')
  expect(span).toMatch(/^the source fails {12,}\|-+\|$/)
  expect(reads?.slice(17)).toBe(`${' '.repeat(5)}w${' '.repeat(9)}s${' '.repeat(9)}.${' '.repeat(9)}x${' '.repeat(35)}w`)
  expect(loads?.slice(17)).toBe(`=====${' '.repeat(7)}${'x'.repeat(20)}`)
})
