import { formatCount, formatDuration, formatShare } from '../../format/number.ts'
import { type Outcome, outcomeFacts, outcomes } from '../../scenarios/outcome.ts'
import { bucketLabel, type LogAxis, logAxis } from '../chart/log-axis.ts'
import { useWidth } from '../chart/use-width.ts'
import { FigureTable, laneColumns } from './figure-table.tsx'
import { Inline } from './inline.tsx'
import { type LaneView, percentileOf } from './lane-view.ts'

const plotHeight = 76
/** Room for labels above the bars: one line of them, or two where they could meet. */
const headrooms = { wide: 20, narrow: 36 } as const
const narrowBelow = 560

/**
 * How long requests took: a histogram per lane over one logarithmic axis, its bars divided by outcome. The height of a bar is the square
 * root of its share, so that the rare slow requests stay visible; the scale is the same in all lanes.
 */
export function LatencyChart({ lanes }: { lanes: readonly LaneView[] }) {
  const [holder, width] = useWidth<HTMLDivElement>()
  const axis = logAxis(lanes.map(({ histogram }) => histogram))
  const bars = lanes.map((lane) => barsOf(lane))
  const tallest = Math.max(0.05, ...bars.flatMap((ofLane) => ofLane.map(({ share }) => share)))
  return (
    <figure class="latency" ref={holder}>
      {lanes.map((lane, place) => (
        <LaneHistogram key={lane.id} lane={lane} bars={bars[place] ?? []} axis={axis} width={width} tallest={tallest} />
      ))}
      <svg class="axis" width={width} height="22" aria-hidden="true">
        {labelled(axis, width).map(({ share, label }) => (
          <text key={label} x={share * width} y="15" text-anchor={share === 0 ? 'start' : share === 1 ? 'end' : 'middle'}>
            {label}
          </text>
        ))}
      </svg>
      <figcaption>
        Time of a request, on a logarithmic scale. The height of a bar is the square root of its share of the lane’s requests, so that rare
        slow ones stay visible.
      </figcaption>
      <HistogramTable lanes={lanes} axis={axis} />
    </figure>
  )
}

/** Where they would touch, labels between the ends are left out. */
function labelled({ ticks }: LogAxis, width: number): LogAxis['ticks'] {
  const every = Math.ceil((64 * (ticks.length - 1)) / Math.max(1, width))
  const last = ticks.length - 1
  return ticks.filter((_, place) => place === last || (place % every === 0 && last - place >= every))
}

interface Bar {
  readonly bucket: number
  readonly share: number
  readonly parts: readonly { readonly outcome: Outcome; readonly share: number }[]
}

function barsOf({ histogram, requests }: LaneView): Bar[] {
  const counts = new Map<number, Map<Outcome, number>>()
  for (const outcome of outcomes) {
    for (const [bucket, count] of histogram[outcome] ?? []) {
      const parts = counts.get(bucket) ?? new Map<Outcome, number>()
      counts.set(bucket, parts.set(outcome, count))
    }
  }
  return [...counts].map(([bucket, parts]) => {
    const total = [...parts.values()].reduce((sum, count) => sum + count, 0)
    return { bucket, share: total / requests, parts: [...parts].map(([outcome, count]) => ({ outcome, share: count / total })) }
  })
}

interface LaneHistogramProps {
  readonly lane: LaneView
  readonly bars: readonly Bar[]
  readonly axis: LogAxis
  readonly width: number
  readonly tallest: number
}

function LaneHistogram({ lane, bars, axis, width, tallest }: LaneHistogramProps) {
  const headroom = width < narrowBelow ? headrooms.narrow : headrooms.wide
  const buckets = axis.endBucket - axis.firstBucket
  const barWidth = width / buckets
  const gap = Math.min(1.5, barWidth * 0.2)
  return (
    <div class={lane.isWorking ? 'lane is-working' : 'lane'}>
      <p class="lane-head">
        <span class="lane-name">{lane.label}</span>
        <span class="lane-about">
          <Inline text={lane.about} />
        </span>
        <span class="lane-count">
          <b>{formatCount(lane.requests)}</b> requests
        </span>
      </p>
      <svg class="plot" width={width} height={plotHeight + headroom} role="img" aria-label={summary(lane)}>
        {axis.ticks.map(({ share }) => (
          <line key={share} class="grid" x1={crisp(share, width)} x2={crisp(share, width)} y1={headroom - 4} y2={plotHeight + headroom} />
        ))}
        {bars.flatMap(({ bucket, share, parts }) => {
          const height = Math.max(1.5, Math.sqrt(share / tallest) * plotHeight)
          let y = plotHeight + headroom
          return parts.map((part) => {
            const partHeight = part.share * height
            y -= partHeight
            const x = (bucket - axis.firstBucket) * barWidth
            return (
              <rect
                key={`${bucket} ${part.outcome}`}
                class={`is-${part.outcome}`}
                x={x}
                y={y}
                width={Math.max(1, barWidth - gap)}
                height={partHeight}
              />
            )
          })
        })}
        <line class="base" x1="0" x2={width} y1={plotHeight + headroom - 0.5} y2={plotHeight + headroom - 0.5} />
        <Percentiles lane={lane} axis={axis} width={width} baseline={plotHeight + headroom} />
      </svg>
    </div>
  )
}

/** p50 is labelled to the left of its line and p99 to the right, so that they cannot meet; near an edge the label turns inwards. */
function Percentiles({ lane, axis, width, baseline }: { lane: LaneView; axis: LogAxis; width: number; baseline: number }) {
  const secondLine = width < narrowBelow ? 29 : 13
  const median = percentileOf(lane, 0.5)
  const slow = percentileOf(lane, 0.99)
  const marks = [
    { name: 'p50', ms: median, side: 'end', y: 13 },
    { name: 'p99', ms: slow, side: 'start', y: secondLine },
  ] as const
  return (
    <g class="percentiles">
      {marks.map(({ name, ms, side, y }) => {
        if (ms === null) return null
        const x = crisp(axis.at(ms), width)
        const anchor = x < 78 ? 'start' : x > width - 78 ? 'end' : side
        return (
          <g key={name} class={name}>
            <line x1={x} x2={x} y1={y - 9} y2={baseline} />
            <text x={x + (anchor === 'end' ? -5 : 5)} y={y} text-anchor={anchor}>
              <tspan class="name">{name}</tspan> {formatDuration(ms)}
            </text>
          </g>
        )
      })}
    </g>
  )
}

function crisp(share: number, width: number): number {
  return Math.min(width - 0.5, Math.max(0.5, Math.round(share * width) + 0.5))
}

function summary(lane: LaneView): string {
  if (lane.requests === 0) return `${lane.label}: no requests yet.`
  const parts = outcomes
    .filter((outcome) => lane.outcomes[outcome] > 0)
    .map((outcome) => `${formatShare(lane.outcomes[outcome] / lane.requests)} ${outcomeFacts[outcome].label}`)
  const times = [0.5, 0.99].flatMap((quantile) => {
    const ms = percentileOf(lane, quantile)
    return ms === null ? [] : [`${quantile === 0.5 ? 'half within' : '99 of 100 within'} ${formatDuration(ms)}`]
  })
  return `${lane.label}: ${formatCount(lane.requests)} requests, ${[...times, ...parts].join(', ')}.`
}

function HistogramTable({ lanes, axis }: { lanes: readonly LaneView[]; axis: LogAxis }) {
  const counts = lanes.map(({ histogram }) => {
    const total = new Map<number, number>()
    for (const pairs of Object.values(histogram)) for (const [bucket, count] of pairs) total.set(bucket, (total.get(bucket) ?? 0) + count)
    return total
  })
  const filled = Array.from({ length: axis.endBucket - axis.firstBucket }, (_, place) => axis.firstBucket + place).filter((bucket) =>
    counts.some((count) => count.has(bucket)),
  )
  if (filled.length === 0) return null
  return (
    <details class="data">
      <summary>The chart as a table</summary>
      <FigureTable label="Requests by time" columns={[{ label: 'Time of a request' }, ...laneColumns(lanes)]}>
        {filled.map((bucket) => (
          <tr key={bucket}>
            <th scope="row">{bucketLabel(bucket)}</th>
            {counts.map((count, place) => (
              <td key={lanes[place]?.id} class="figure">
                {formatCount(count.get(bucket) ?? 0)}
              </td>
            ))}
          </tr>
        ))}
      </FigureTable>
    </details>
  )
}
