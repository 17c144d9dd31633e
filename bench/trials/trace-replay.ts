import { hitRatio, type TraceCell, trace, traceCells } from '@tiercel/workloads'
import { collectGarbage, middle, timeSync } from '../runner/measure.ts'
import { defineTrial, type Figure, type Measurements, type Speed, type Trial, type TrialContext } from '../runner/suite.ts'
import type { OpenMemory } from '../subjects/memory.ts'

const PASSES = 3

/** Where CPU per request is compared: a tenth of the keys of a trace of objects, and of a database. */
export const timedCells = traceCells.filter(({ entries }) => entries === 6_073 || entries === 18_688)

export const ratioFigure = ({ trace, entries }: TraceCell): string => `${trace}-${entries}`
export const speedFigure = (cell: TraceCell): string => `cpu-${ratioFigure(cell)}`

/** Real traces, read through from cold: hit ratios, and what a request costs, misses included. */
export function traceReplay(subjects: Readonly<Record<string, OpenMemory>>): Trial {
  return defineTrial({ name: 'replay', figures: [...ratioFigures(), ...speedFigures()], subjects, measure })
}

function ratioFigures(): Figure[] {
  const mean: Figure = { kind: 'count', name: 'mean', title: `mean hit ratio of the ${traceCells.length} cells below`, unit: '%' }
  const cells = traceCells.map((cell): Figure => {
    const { trace, entries, lru, caffeine } = cell
    const others = `LRU ${lru}, Caffeine ${caffeine}`
    return { kind: 'count', name: ratioFigure(cell), title: `hit ratio on ${trace}, ${entries} entries (${others})`, unit: '%' }
  })
  return [mean, ...cells]
}

function speedFigures(): Figure[] {
  return timedCells.map((cell) => ({
    kind: 'speed',
    name: speedFigure(cell),
    title: `a request of ${cell.trace}, ${cell.entries} entries: get, and set after a miss`,
    by: 'cpu',
    baseline: 'lru-cache',
  }))
}

async function measure(open: OpenMemory, { effort }: TrialContext): Promise<Measurements> {
  const measurements: Record<string, number | Speed> = {}
  for (const cell of timedCells) measurements[speedFigure(cell)] = await requestSpeed(open, cell, effort)
  let sum = 0
  for (const cell of traceCells) {
    const ratio = hitRatio(requests(cell, effort), await open({ maxEntries: cell.entries }))
    measurements[ratioFigure(cell)] = ratio
    sum += ratio
  }
  return { ...measurements, mean: sum / traceCells.length }
}

async function requestSpeed(open: OpenMemory, cell: TraceCell, effort: number): Promise<Speed> {
  const keys = requests(cell, effort)
  const passes: Speed[] = []
  for (let pass = 0; pass <= PASSES; pass++) {
    const cache = await open({ maxEntries: cell.entries })
    collectGarbage()
    const speed = timeSync(keys.length, () => void hitRatio(keys, cache))
    if (pass > 0) passes.push(speed) // the first is the warm-up
  }
  return middle(passes)
}

function requests(cell: TraceCell, effort: number): readonly string[] {
  const keys = trace(cell.trace)
  return effort === 1 ? keys : keys.slice(0, keys.length * effort)
}
