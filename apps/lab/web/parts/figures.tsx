import { formatCount, formatInterval, formatValue } from '../../format/number.ts'
import { quantiles, type RunResult, type Table } from '../../scenarios/run-result.ts'
import { Inline } from './inline.tsx'
import { type LaneView, percentileOf } from './lane-view.ts'

/** The percentiles of every lane, with the intervals they are known to. */
export function Percentiles({ lanes }: { lanes: readonly LaneView[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Time of a request by lane">
      <table class="figures" id="percentiles">
        <caption>Time of a request</caption>
        <thead>
          <tr>
            <th scope="col">Lane</th>
            {quantiles.map((quantile) => (
              <th key={quantile} scope="col" class="figure">
                p{quantile * 100}
              </th>
            ))}
            <th scope="col" class="figure">
              mean
            </th>
            <th scope="col" class="figure">
              requests
            </th>
          </tr>
        </thead>
        <tbody>
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
        </tbody>
      </table>
    </div>
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
    <div class="scroll" tabIndex={0} role="region" aria-label="Figures by lane">
      <table class="figures" id="metrics">
        <caption>What it comes to</caption>
        <thead>
          <tr>
            <th scope="col">Figure</th>
            {result.lanes.map(({ id, label }) => (
              <th key={id} scope="col" class="figure">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
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
        </tbody>
      </table>
    </div>
  )
}

export function DataTable({ table }: { table: Table }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={table.title}>
      <table class="figures">
        <caption>{table.title}</caption>
        <thead>
          <tr>
            {table.columns.map(({ label, unit }) => (
              <th key={label} scope="col" class={unit === undefined ? '' : 'figure'}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
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
        </tbody>
      </table>
    </div>
  )
}
