import { formatCount, formatInterval, formatValue } from '../../format/number.ts'
import { quantiles, type RunResult, type Table } from '../../scenarios/run-result.ts'
import { FigureTable, laneColumns } from './figure-table.tsx'
import { Inline } from './inline.tsx'
import { type LaneView, percentileOf } from './lane-view.ts'

/** The percentiles of every lane, with the intervals they are known to. */
export function Percentiles({ lanes }: { lanes: readonly LaneView[] }) {
  return (
    <FigureTable
      id="percentiles"
      label="Time of a request by lane"
      caption="Time of a request"
      columns={[
        { label: 'Lane' },
        ...quantiles.map((quantile) => ({ label: `p${quantile * 100}`, isFigure: true })),
        { label: 'mean', isFigure: true },
        { label: 'requests', isFigure: true },
      ]}
    >
      {lanes.map((lane) => (
        <tr key={lane.id} data-lane={lane.id}>
          <th scope="row">{lane.label}</th>
          {quantiles.map((quantile) => (
            <td key={quantile} class="figure" data-figure={`p${quantile * 100}`}>
              {formatValue(percentileOf(lane, quantile), 'ms')}
              <Interval lane={lane} quantile={quantile} />
            </td>
          ))}
          <td class="figure" data-figure="mean">
            {formatValue(lane.latency.meanMs, 'ms')}
          </td>
          <td class="figure" data-figure="requests">
            {formatCount(lane.requests)}
          </td>
        </tr>
      ))}
    </FigureTable>
  )
}

function Interval({ lane, quantile }: { lane: LaneView; quantile: number }) {
  const percentile = lane.latency.percentiles.find((candidate) => candidate.quantile === quantile)
  if (percentile?.lowMs == null || percentile.highMs === null) return null
  return <small class="interval">{formatInterval(percentile.lowMs, percentile.highMs)}</small>
}

/** The scenario's own metrics, lane beside lane. */
export function Metrics({ result }: { result: RunResult }) {
  return (
    <FigureTable
      id="metrics"
      label="Figures by lane"
      caption="What it comes to"
      columns={[{ label: 'Figure' }, ...laneColumns(result.lanes)]}
    >
      {result.metrics.map(({ id, label, unit }) => (
        <tr key={id} data-metric={id}>
          <th scope="row">{label}</th>
          {result.lanes.map((lane) => (
            <td key={lane.id} class="figure" data-lane={lane.id}>
              {formatValue(lane.metrics[id], unit)}
            </td>
          ))}
        </tr>
      ))}
    </FigureTable>
  )
}

export function DataTable({ table }: { table: Table }) {
  return (
    <FigureTable
      label={table.title}
      caption={table.title}
      columns={table.columns.map(({ label, unit }) => ({ label, isFigure: unit !== undefined }))}
    >
      {table.rows.map((row) => (
        <tr key={row.join(' ')}>
          {row.map((cell, place) => {
            const unit = table.columns[place]?.unit
            const content = typeof cell === 'string' ? <Inline text={cell} /> : formatValue(cell, unit ?? 'count')
            return (
              <td key={table.columns[place]?.label} class={unit === undefined ? '' : 'figure'}>
                {content}
              </td>
            )
          })}
        </tr>
      ))}
    </FigureTable>
  )
}
