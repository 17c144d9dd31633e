import { formatCount, formatDuration, formatValue } from '../format/number.ts'
import { timelineText } from '../format/timeline-text.ts'
import { toText } from '../scenarios/parameters.ts'
import type { Percentile, RunResult } from '../scenarios/run-result.ts'

/** A result for the terminal: the verdict, one table of lanes, what to know about it. */
export function resultText(result: RunResult): string {
  const { title, seed, parameters, verdict, lanes, metrics, timelines, checks, notes, durationMs } = result
  const settings = [...Object.entries(parameters), ['seed', seed]].map(([name, value]) => `--${name} ${toText(value)}`).join(' ')
  const percentileRow = (place: number) => lanes.map(({ latency }) => percentileText(latency.percentiles[place]))
  const rows = [
    ['', ...lanes.map(({ label }) => label)],
    ['requests', ...lanes.map(({ requests }) => formatCount(requests))],
    ...[0, 1, 2, 3].map((place) => [nameOf(lanes[0]?.latency.percentiles[place]), ...percentileRow(place)]),
    ...metrics.map(({ id, label, unit }) => [label, ...lanes.map((lane) => formatValue(lane.metrics[id], unit))]),
  ]
  return [
    `${title} (${formatDuration(durationMs)}; ${settings})`,
    '',
    verdict.sentence.replaceAll('`', ''),
    '',
    table(rows),
    '',
    ...timelines.flatMap((timeline) => [timelineText(timeline), '']),
    ...checks.map(({ name, value, ok }) => `${ok ? 'ok    ' : 'FAILED'} ${name}: ${value}`),
    ...notes.map((note) => `note   ${note}`),
    '',
  ].join('\n')
}

function nameOf(percentile: Percentile | undefined): string {
  return percentile === undefined ? '' : `p${percentile.quantile * 100}`
}

function percentileText(percentile: Percentile | undefined): string {
  return formatValue(percentile?.ms, 'ms')
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart((widths[column] ?? 0) + 3))).join(''),
    )
    .join('\n')
}
