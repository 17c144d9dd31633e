import type { Timeline } from '../scenarios/run-result.ts'
import { formatDuration } from './number.ts'
import { type TimelineSlice, timelineSlices } from './timeline-slices.ts'

const columns = 72

/** A timeline for the terminal: two lines a track, one letter for each stretch of time. */
export function timelineText({ title, lengthMs, spans, tracks }: Timeline): string {
  const width = Math.max(...tracks.map(({ label }) => label.length)) + 8
  const line = (name: string, letters: string) => `${name.padEnd(width)}${letters.trimEnd()}`
  const spanLines = spans.map(({ label, startMs, endMs }) => line(label, spanLetters(startMs / lengthMs, endMs / lengthMs)))
  const trackLines = tracks.flatMap((track) => {
    const slices = timelineSlices(track, lengthMs, columns)
    return [
      line(`${track.label} reads`, slices.map(readLetter).join('')),
      line('loads'.padStart(track.label.length + 6), slices.map(loadLetter).join('')),
    ]
  })
  return [
    `${title}, ${formatDuration(lengthMs)} from left to right`,
    ...spanLines,
    ...trackLines,
    'reads: . fresh  s stale  w waited for a load  x failed (the worst of each stretch)   loads: = under way  x failed  K its process was killed',
  ].join('\n')
}

function readLetter({ failed, waited, stale, fresh }: TimelineSlice): string {
  return failed > 0 ? 'x' : waited > 0 ? 'w' : stale > 0 ? 's' : fresh > 0 ? '.' : ' '
}

function loadLetter({ load }: TimelineSlice): string {
  return load === undefined ? ' ' : { done: '=', failed: 'x', killed: 'K' }[load]
}

function spanLetters(from: number, to: number): string {
  const [first, last] = [Math.round(from * columns), Math.round(to * columns)]
  return `${' '.repeat(first)}|${'-'.repeat(Math.max(0, last - first - 2))}|`
}
