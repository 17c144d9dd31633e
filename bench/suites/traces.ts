import { type TraceCell, traceCells, whyNoTrace } from '@tiercel/workloads'
import type { Check, Suite } from '../runner/suite.ts'
import { inMemory } from '../subjects/in-memory.ts'
import type { OpenMemory } from '../subjects/memory.ts'
import { lruAlike } from '../trials/lru-alike.ts'
import { ratioFigure, speedFigure, timedCells, traceReplay } from '../trials/trace-replay.ts'

const mean = traceCells.reduce((sum, { recommended }) => sum + recommended, 0) / traceCells.length
/** 1.6 times the time. */
const leastSpeed = 1 / 1.6

export const suite: Suite = {
  name: 'traces',
  summary: 'hit ratios and CPU per request on real traces, from the folder that TIERCEL_TRACES names',
  needsServer: false,
  whyNot: traceCells.map((cell) => whyNoTrace(cell.trace)).find((reason) => reason !== undefined),
  trials: [traceReplay(inMemory), lruAlike({ 'tiercel lru': inMemory['tiercel lru'] as OpenMemory }, inMemory['lru-cache'] as OpenMemory)],
  checks: [
    { kind: 'atLeast', name: 'mean hit ratio, %', figure: 'mean', subject: 'tiercel', value: round(mean - 0.3) },
    ...traceCells.map(
      (cell): Check => ({
        kind: 'atLeast',
        name: `${cell.trace}, ${cell.entries} entries, %`,
        figure: ratioFigure(cell),
        subject: 'tiercel',
        value: leastRatio(cell),
      }),
    ),
    ...timedCells.map(
      (cell): Check => ({
        kind: 'ratio',
        name: `speed of a request against lru-cache, ${cell.trace}`,
        figure: speedFigure(cell),
        subject: 'tiercel',
        against: 'lru-cache',
        atLeast: leastSpeed,
      }),
    ),
    {
      kind: 'exactly',
      name: 'requests that lru answers otherwise than lru-cache',
      figure: 'lru-differences',
      subject: 'tiercel lru',
      value: 0,
    },
  ],
}

/** At most 3.5 points under LRU, from 500 entries on at most 3 under Caffeine, and what the cell itself asks for. */
function leastRatio({ entries, lru, caffeine, atLeast = 0 }: TraceCell): number {
  return round(Math.max(lru - 3.5, entries >= 500 ? caffeine - 3 : 0, atLeast))
}

function round(percent: number): number {
  return Math.round(percent * 100) / 100
}
