import 'uplot/dist/uPlot.min.css'
import uPlot from 'uplot'
import { formatValue } from '../../format/number.ts'
import type { Series } from '../../scenarios/run-result.ts'
import { lineStyle } from './line-styles.ts'
import { colour } from './palette.ts'

export const chartHeight = 220

export interface LineChart {
  resize(width: number): void
  destroy(): void
}

export function drawLines(holder: HTMLElement, series: Series, width: number): LineChart {
  const { x, y, lines } = series
  const font = `12px ${getComputedStyle(holder).fontFamily}`
  const axis = { stroke: colour('soft'), grid: { stroke: colour('line'), width: 1 }, ticks: { show: false }, font } as const
  const isShare = y.unit === 'share'
  const options: uPlot.Options = {
    width,
    height: chartHeight,
    padding: [10, 28, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false }, ...(isShare ? { y: { range: [0, 1] as [number, number] } } : {}) },
    axes: [
      { ...axis, size: 28, space: 80, values: (_, ticks) => ticks.map((tick) => formatValue(tick, x.unit)) },
      { ...axis, size: 56, space: 40, values: (_, ticks) => ticks.map((tick) => formatValue(tick, y.unit)) },
    ],
    series: [
      {},
      ...lines.map((line, place): uPlot.Series => {
        const style = lineStyle(place)
        return { label: line.label, stroke: colour(style.ink), width: style.width, dash: [...style.dash], points: { show: false } }
      }),
    ],
  }
  const chart = new uPlot(options, [[...x.values], ...lines.map(({ values }) => [...values])], holder)
  return { resize: (newWidth) => chart.setSize({ width: newWidth, height: chartHeight }), destroy: () => chart.destroy() }
}
