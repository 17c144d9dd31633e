import { useEffect, useRef } from 'preact/hooks'
import { formatValue } from '../../format/number.ts'
import type { Series } from '../../scenarios/run-result.ts'
import type { LineChart } from '../chart/line-chart.ts'
import { lineStyle } from '../chart/line-styles.ts'
import { themeChanges } from '../chart/palette.ts'
import { useWidth } from '../chart/use-width.ts'
import { FigureTable, laneColumns } from './figure-table.tsx'

/** Lines over one axis. The library that draws them is fetched when the first one is wanted. */
export function SeriesChart({ series }: { series: Series }) {
  const [holder, width] = useWidth<HTMLDivElement>()
  const chart = useRef<LineChart | undefined>(undefined)
  const theme = themeChanges.value
  useEffect(() => {
    let isGone = false
    void import('../chart/line-chart.ts').then(({ drawLines }) => {
      if (isGone || holder.current === null) return
      chart.current = drawLines(holder.current, series, holder.current.clientWidth)
    })
    return () => {
      isGone = true
      chart.current?.destroy()
      chart.current = undefined
    }
  }, [series, theme])
  useEffect(() => {
    if (width > 0) chart.current?.resize(width)
  }, [width])

  return (
    <figure class="series">
      <p class="figure-title">{series.title}</p>
      <div class="series-plot" ref={holder} role="img" aria-label={`${series.title}. ${series.summary}`} />
      <ul class="line-keys">
        {series.lines.map(({ laneId, label }, place) => {
          const { width: weight, dash, ink } = lineStyle(place)
          return (
            <li key={laneId}>
              <svg width="28" height="8" aria-hidden="true" class={`ink-${ink}`}>
                <line x1="0" x2="28" y1="4" y2="4" stroke="currentColor" stroke-width={weight} stroke-dasharray={dash.join(' ')} />
              </svg>
              {label}
            </li>
          )
        })}
        <li class="muted">across: {series.x.label}</li>
      </ul>
      <figcaption>{series.summary}</figcaption>
      <SeriesTable series={series} />
    </figure>
  )
}

function SeriesTable({ series: { title, x, y, lines } }: { series: Series }) {
  const step = Math.max(1, Math.ceil(x.values.length / 20))
  return (
    <details class="data">
      <summary>The chart as a table</summary>
      <FigureTable
        label={title}
        columns={[{ label: x.label, isFigure: true }, ...laneColumns(lines.map(({ laneId, label }) => ({ id: laneId, label })))]}
      >
        {x.values.map((value, place) =>
          place % step === 0 ? (
            <tr key={value}>
              <th scope="row" class="figure">
                {formatValue(value, x.unit)}
              </th>
              {lines.map(({ laneId, values }) => (
                <td key={laneId} class="figure">
                  {formatValue(values[place], y.unit)}
                </td>
              ))}
            </tr>
          ) : null,
        )}
      </FigureTable>
    </details>
  )
}
