import { formatCount, formatDuration, formatValue } from '../../format/number.ts'
import { timelineSlices } from '../../format/timeline-slices.ts'
import { type Outcome, outcomeFacts, outcomes } from '../../scenarios/outcome.ts'
import type { Timeline, TimelineTrack } from '../../scenarios/run-result.ts'
import { markPath, outlined } from '../chart/mark-path.ts'
import { type LoadBar, loadBars, type TimelineFrame, timelineFrame } from '../chart/timeline-frame.ts'
import { useWidth } from '../chart/use-width.ts'
import { FigureTable } from './figure-table.tsx'
import { OutcomeIcon } from './outcome-icon.tsx'

const heights = { few: 190, some: 130, many: 96 } as const
/** Room for the failed reads, and above the loads. */
const failedRow = 16
const headroom = 18

/** The life of a key, lane by lane over one axis: the age of every answer, the waits, the loads. */
export function TimelineChart({ timeline, isLive = false }: { timeline: Timeline; isLive?: boolean }) {
  const [holder, width] = useWidth<HTMLDivElement>()
  const { tracks, title, summary } = timeline
  const frame = timelineFrame(timeline, width, tracks.length > 3 ? heights.many : tracks.length > 2 ? heights.some : heights.few)
  const thinned = Math.max(...tracks.map(({ readsPerMark }) => readsPerMark))
  return (
    <figure class="timeline">
      <p class="figure-title">{title}</p>
      <Keys timeline={timeline} />
      <div ref={holder}>
        {width > 0 && tracks.map((track) => <Track key={track.laneId} track={track} timeline={timeline} frame={frame} />)}
      </div>
      <svg class="axis" width={width} height="22" aria-hidden="true">
        {frame.ticks.map((ms, place) => (
          <text key={ms} x={frame.x(ms)} y="15" text-anchor={place === 0 ? 'start' : frame.x(ms) > width - 24 ? 'end' : 'middle'}>
            {ms === 0 ? '0' : formatDuration(ms)}
          </text>
        ))}
      </svg>
      <figcaption>
        {summary}
        {thinned > 1 && ' Where there are too many reads, only every second, fourth or eighth is drawn; the figures count all.'}
      </figcaption>
      {!isLive && <SliceTable timeline={timeline} />}
    </figure>
  )
}

function Keys({ timeline: { tracks, names } }: { timeline: Timeline }) {
  const seen = new Set(tracks.flatMap(({ reads }) => reads.map(({ outcome }) => outcome)))
  const ends = new Set(tracks.flatMap(({ loads }) => loads.map(({ end }) => end)))
  return (
    <ul class="legend timeline-keys">
      {outcomes
        .filter((outcome) => seen.has(outcome))
        .map((outcome) => (
          <li key={outcome}>
            <OutcomeIcon outcome={outcome} /> {names?.[outcome] ?? keyNames[outcome] ?? outcomeFacts[outcome].label}
          </li>
        ))}
      {(['done', 'failed', 'killed'] as const)
        .filter((end) => ends.has(end))
        .map((end) => (
          <li key={end}>
            <svg class="load-key" width="26" height="10" aria-hidden="true">
              <Bar bar={{ x: 1, y: 1, width: 24, height: 8, end }} />
            </svg>{' '}
            {loadNames[end]}
          </li>
        ))}
    </ul>
  )
}

/** One level above the store: here only the age matters. */
const keyNames: Partial<Record<Outcome, string>> = {
  l2: 'fresh',
  refreshed: 'fresh, and refreshed ahead',
  source: 'waited for its own load',
}

const loadNames = { done: 'load', failed: 'load that failed', killed: 'load whose process was killed' } as const

interface TrackProps {
  readonly track: TimelineTrack
  readonly timeline: Timeline
  readonly frame: TimelineFrame
}

function Track({ track, timeline, frame }: TrackProps) {
  const { width, plotHeight, x, y, topMs } = frame
  const hasFailed = track.reads.some(({ ageMs }) => ageMs === null)
  const { bars, height: barsHeight } = loadBars(track, frame)
  const barsTop = headroom + plotHeight + (hasFailed ? failedRow : 0) + 8
  const shown = track.limits.filter(({ ageMs }) => ageMs <= topMs)
  return (
    <div class="track" data-lane={track.laneId}>
      <p class="lane-name">{track.label}</p>
      <svg class="plot" width={width} height={barsTop + barsHeight + 4} role="img" aria-label={summaryOf(track, timeline)}>
        <g transform={`translate(0 ${headroom})`}>
          {shown[0] !== undefined && <rect class="stale-zone" x="0" y="0" width={width} height={y(shown[0].ageMs)} />}
          {timeline.spans.map(({ label, startMs, endMs }) => (
            <g key={startMs} class="span">
              <rect x={x(startMs)} y={-headroom + 4} width={x(endMs) - x(startMs)} height={barsTop + barsHeight - 4} />
              <text x={x(startMs) + 6} y="-3">
                {label}
              </text>
            </g>
          ))}
          {timeline.moments?.map(({ label, atMs }) => (
            <g key={atMs} class="moment">
              <title>{label}</title>
              <line x1={x(atMs)} x2={x(atMs)} y1="0" y2={plotHeight} />
            </g>
          ))}
          {frame.ticks.map((ms) => (
            <line key={ms} class="grid" x1={x(ms)} x2={x(ms)} y1="0" y2={plotHeight} />
          ))}
          {shown.map(({ label, ageMs }) => (
            <g key={label} class="limit">
              <line x1="0" x2={width} y1={y(ageMs)} y2={y(ageMs)} />
              <text x="4" y={y(ageMs) - 4}>
                {label} {formatDuration(ageMs)}
              </text>
            </g>
          ))}
          <line class="base" x1="0" x2={width} y1={plotHeight} y2={plotHeight} />
          <Reads track={track} frame={frame} />
        </g>
        <g transform={`translate(0 ${barsTop})`}>
          {bars.map((bar, place) => (
            <Bar key={place} bar={bar} />
          ))}
        </g>
      </svg>
    </div>
  )
}

/** One path for all marks of a kind, and one for all waits. */
function Reads({ track: { reads }, frame: { x, y, plotHeight, width } }: Pick<TrackProps, 'track' | 'frame'>) {
  const size = width < 480 ? 2.1 : 2.8
  const height = (ageMs: number | null) => (ageMs === null ? plotHeight + failedRow / 2 : y(ageMs))
  const waits = reads
    .filter(({ calledMs, answeredMs }) => x(answeredMs) - x(calledMs) > 2)
    .map(({ calledMs, answeredMs, ageMs }) => `M${x(calledMs).toFixed(1)} ${height(ageMs).toFixed(1)}H${x(answeredMs).toFixed(1)}`)
  return (
    <>
      <path class="waits" d={waits.join('')} />
      {outcomes.map((outcome) => {
        const marks = reads.filter((read) => read.outcome === outcome)
        if (marks.length === 0) return null
        const d = marks.map(({ answeredMs, ageMs }) => markPath(outcome, x(answeredMs), height(ageMs), size)).join('')
        return <path key={outcome} class={`mark is-${outcome}${outlined.has(outcome) ? ' is-outlined' : ''}`} d={d} />
      })}
    </>
  )
}

function Bar({ bar: { x, y, width, height, end } }: { bar: LoadBar }) {
  const right = x + width
  return (
    <g class={`load is-${end}`}>
      <rect x={x} y={y} width={width} height={height} />
      {end === 'failed' && height > 4 && (
        <path d={`M${right - height} ${y}L${right} ${y + height}M${right} ${y}L${right - height} ${y + height}`} />
      )}
      {end === 'killed' && <path d={`M${x + width / 2} ${y - 3}L${x + width / 2} ${y + height + 3}`} />}
    </g>
  )
}

function summaryOf({ label, reads, loads }: TimelineTrack, { names, height }: Timeline): string {
  const counts = outcomes
    .map((outcome) => [outcome, reads.filter((read) => read.outcome === outcome).length] as const)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `${formatCount(count)} ${names?.[outcome] ?? keyNames[outcome] ?? outcomeFacts[outcome].label}`)
  const oldestMs = Math.max(0, ...reads.map(({ ageMs }) => ageMs ?? 0))
  const failed = loads.filter(({ end }) => end !== 'done').length
  return `${label}: reads drawn ${counts.join(', ')}; ${height === undefined ? `the oldest answer ${formatDuration(oldestMs)} old` : `${height.toLowerCase()} ${formatDuration(oldestMs)}`}; ${formatCount(loads.length)} loads, ${formatCount(failed)} of them without a value.`
}

const mostSlices = 20

function SliceTable({ timeline: { title, tracks, lengthMs, height } }: { timeline: Timeline }) {
  const columns = ['Time', 'Lane', 'Fresh', 'Stale', 'Waited', 'Failed', height ?? 'Oldest answer', 'Loads begun']
  const slices = tracks.map((track) => timelineSlices(track, lengthMs, mostSlices))
  return (
    <details class="data">
      <summary>The chart as a table</summary>
      <FigureTable label={title} columns={columns.map((label, place) => ({ label, isFigure: place > 1 }))}>
        {(slices[0] ?? []).flatMap((_, row) =>
          tracks.map(({ laneId, label }, place) => {
            const slice = slices[place]?.[row]
            if (slice === undefined) return null
            const { startMs, endMs, fresh, stale, waited, failed, oldestMs, loadsBegun } = slice
            return (
              <tr key={`${row} ${laneId}`}>
                <th scope="row">{`${formatDuration(startMs)} to ${formatDuration(endMs)}`}</th>
                <td>{label}</td>
                {[fresh, stale, waited, failed].map((count, column) => (
                  <td key={columns[column + 2]} class="figure">
                    {formatCount(count)}
                  </td>
                ))}
                <td class="figure">{formatValue(oldestMs, 'ms')}</td>
                <td class="figure">{formatCount(loadsBegun)}</td>
              </tr>
            )
          }),
        )}
      </FigureTable>
    </details>
  )
}
