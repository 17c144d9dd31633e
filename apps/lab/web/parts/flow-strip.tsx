import { useEffect, useRef } from 'preact/hooks'
import type { Mark } from '../../scenarios/live.ts'
import { type Station, stations } from '../../scenarios/outcome.ts'
import { type FlowRow, FlowScene, inset, rowHeights, stationShare } from '../chart/flow-scene.ts'
import { themeChanges } from '../chart/palette.ts'
import { useWidth } from '../chart/use-width.ts'
import { prefersStillness } from '../state/tour.ts'

export interface FlowStripProps {
  readonly rows: readonly (FlowRow & { readonly label: string })[]
  readonly labels: Readonly<Record<Station, string>>
  /** Calls back with the requests of a row as they come, until the returned function is called. */
  listen(add: (rowId: string, marks: readonly Mark[]) => void): () => void
  /** Time between two calls. */
  readonly everyMs: number
  readonly size?: keyof typeof rowHeights
}

/** The way of the requests, one row a lane. The figures beside it say the same; so it is hidden from those who cannot see it, and still when asked to be. */
export function FlowStrip({ rows, labels, listen, everyMs, size = 'normal' }: FlowStripProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const scene = useRef<FlowScene | undefined>(undefined)
  const [holder, width] = useWidth<HTMLDivElement>()
  // On a narrow screen the labels stand within the rows, which are higher for it.
  const rowHeight = rowHeights[width > 0 && width < 560 ? 'large' : size]
  const theme = themeChanges.value
  const shape = rows.map(({ id, path }) => `${id}:${path.join('-')}`).join()

  useEffect(() => {
    if (canvas.current === null) return
    const created = new FlowScene(canvas.current, rows, rowHeight)
    scene.current = created
    const stopListening = prefersStillness() ? () => undefined : listen((rowId, marks) => created.add(rowId, marks, everyMs))
    return () => {
      stopListening()
      created.stop()
    }
  }, [shape, rowHeight])
  useEffect(() => scene.current?.resize(), [width])
  useEffect(() => scene.current?.recolour(), [theme])

  return (
    <div class="flow" aria-hidden="true">
      <ol class="flow-stations">
        {stations.map((station) => (
          <li key={station} style={{ left: `calc(${inset}px + ${stationShare(station)} * (100% - ${2 * inset}px))` }}>
            {labels[station]}
          </li>
        ))}
      </ol>
      <div class="flow-rows">
        {rows.length > 1 && (
          <ol class="flow-labels">
            {rows.map(({ id, label }) => (
              <li key={id} style={{ height: `${rowHeight}px` }}>
                {label}
              </li>
            ))}
          </ol>
        )}
        <div class="flow-canvas" ref={holder}>
          <canvas ref={canvas} style={{ height: `${rows.length * rowHeight}px` }} />
        </div>
      </div>
    </div>
  )
}
