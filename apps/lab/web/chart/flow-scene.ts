import type { Mark } from '../../scenarios/live.ts'
import { type Outcome, outcomeFacts, type Station, stations } from '../../scenarios/outcome.ts'
import { colour } from './palette.ts'

export interface FlowRow {
  readonly id: string
  readonly path: readonly Station[]
}

interface Traveller extends Mark {
  readonly row: number
  readonly startMs: number
  readonly durationMs: number
}

/** A row of the usual size, and one that has the strip for itself. */
export const rowHeights = { normal: 40, large: 56 } as const

export const inset = 14
const mostTravellers = 400

/**
 * Draws requests on their way: out as grey dots, since nobody knows yet where the answer is; back in the colour and shape of what
 * answered. Every mark is one real request; only its speed is drawn, since milliseconds could not be seen.
 */
export class FlowScene {
  readonly #canvas: HTMLCanvasElement
  readonly #context: CanvasRenderingContext2D
  readonly #rows: readonly FlowRow[]
  readonly #rowHeight: number
  /** Half the size of a mark. */
  readonly #size: number
  #travellers: Traveller[] = []
  #colours = readColours()
  #frame = 0

  constructor(canvas: HTMLCanvasElement, rows: readonly FlowRow[], rowHeight: number) {
    this.#canvas = canvas
    this.#context = canvas.getContext('2d') as CanvasRenderingContext2D
    this.#rows = rows
    this.#rowHeight = rowHeight
    this.#size = rowHeight / 9.5
    this.resize()
  }

  /** The marks of the last `spanMs`, set off one after the other over the next. */
  add(rowId: string, marks: readonly Mark[], spanMs: number): void {
    const row = this.#rows.findIndex(({ id }) => id === rowId)
    if (row === -1 || this.#travellers.length > mostTravellers) return
    const nowMs = performance.now()
    marks.forEach((mark, place) => {
      const startMs = nowMs + (spanMs * place) / marks.length
      this.#travellers.push({ ...mark, row, startMs, durationMs: 500 + 900 * this.#reach(mark.outcome) })
    })
    this.#run()
  }

  recolour(): void {
    this.#colours = readColours()
    this.draw()
  }

  resize(): void {
    const { clientWidth, clientHeight } = this.#canvas
    const ratio = devicePixelRatio || 1
    this.#canvas.width = Math.round(clientWidth * ratio)
    this.#canvas.height = Math.round(clientHeight * ratio)
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0)
    this.draw()
  }

  stop(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
    this.#travellers = []
  }

  draw(): void {
    const context = this.#context
    context.clearRect(0, 0, this.#canvas.clientWidth, this.#canvas.clientHeight)
    this.#rows.forEach((row, place) => this.#drawTrack(row, place))
    const nowMs = performance.now()
    for (const traveller of this.#travellers) if (traveller.startMs <= nowMs) this.#drawTraveller(traveller, nowMs)
  }

  #run(): void {
    if (this.#frame !== 0) return
    const step = () => {
      const nowMs = performance.now()
      this.#travellers = this.#travellers.filter(({ startMs, durationMs }) => startMs + durationMs > nowMs)
      this.draw()
      this.#frame = this.#travellers.length === 0 ? 0 : requestAnimationFrame(step)
    }
    this.#frame = requestAnimationFrame(step)
  }

  #drawTrack({ path }: FlowRow, place: number): void {
    const context = this.#context
    const y = Math.round((place + 0.5) * this.#rowHeight)
    context.strokeStyle = this.#colours.line
    context.lineWidth = 1
    context.beginPath()
    context.moveTo(this.#x('app'), y + 0.5)
    context.lineTo(this.#x('source'), y + 0.5)
    context.stroke()
    for (const station of path) {
      context.fillStyle = this.#colours.paper
      context.strokeStyle = this.#colours.faint
      context.lineWidth = 1.5
      context.beginPath()
      context.arc(this.#x(station), y + 0.5, 4, 0, 2 * Math.PI)
      context.fill()
      context.stroke()
    }
  }

  #drawTraveller({ outcome, row, startMs, durationMs }: Traveller, nowMs: number): void {
    const context = this.#context
    const share = (nowMs - startMs) / durationMs
    const isBack = share > 0.5
    const way = isBack ? 2 - 2 * share : 2 * share
    const from = this.#x('app')
    const x = from + (this.#x(outcomeFacts[outcome].station) - from) * ease(way)
    const y = (row + 0.5) * this.#rowHeight + (isBack ? 1 : -1) * this.#rowHeight * 0.2
    context.globalAlpha = Math.min(1, 8 * (1 - share))
    if (isBack) drawShape(context, outcome, x, y, this.#size, this.#colours[outcome])
    else drawDot(context, x, y, this.#size / 2, this.#colours.faint)
    context.globalAlpha = 1
  }

  #x(station: Station): number {
    return stationX(station, this.#canvas.clientWidth)
  }

  #reach(outcome: Outcome): number {
    return stationShare(outcomeFacts[outcome].station)
  }
}

/** Where a station lies between the ends, 0 to 1. */
export function stationShare(station: Station): number {
  return stations.indexOf(station) / (stations.length - 1)
}

function stationX(station: Station, width: number): number {
  return inset + stationShare(station) * (width - 2 * inset)
}

function ease(share: number): number {
  return share < 0.5 ? 2 * share * share : 1 - (2 - 2 * share) ** 2 / 2
}

function drawDot(context: CanvasRenderingContext2D, x: number, y: number, radius: number, fill: string): void {
  context.fillStyle = fill
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.fill()
}

function drawShape(context: CanvasRenderingContext2D, outcome: Outcome, x: number, y: number, size: number, fill: string): void {
  context.fillStyle = fill
  context.strokeStyle = fill
  context.lineWidth = 2
  context.beginPath()
  if (outcome === 'l1') context.arc(x, y, size, 0, 2 * Math.PI)
  else if (outcome === 'l2' || outcome === 'refreshed')
    polygon(context, [x, y - size - 1, x + size + 1, y, x, y + size + 1, x - size - 1, y])
  else if (outcome === 'stale') polygon(context, [x, y - size, x + size + 0.6, y + size, x - size - 0.6, y + size])
  else if (outcome === 'error') cross(context, x, y, size)
  else if (outcome === 'waited') pause(context, x, y, size)
  else context.rect(x - size + 0.4, y - size + 0.4, 2 * size - 0.8, 2 * size - 0.8)
  if (outcome === 'joined' || outcome === 'refreshed' || outcome === 'error') context.stroke()
  else context.fill()
}

function polygon(context: CanvasRenderingContext2D, points: readonly number[]): void {
  for (let at = 0; at < points.length; at += 2) context.lineTo(points[at] as number, points[at + 1] as number)
  context.closePath()
}

function cross(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  context.moveTo(x - size, y - size)
  context.lineTo(x + size, y + size)
  context.moveTo(x + size, y - size)
  context.lineTo(x - size, y + size)
}

/** Two upright bars. */
function pause(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  context.rect(x - size, y - size, size * 0.75, 2 * size)
  context.rect(x + size * 0.25, y - size, size * 0.75, 2 * size)
}

function readColours() {
  return {
    line: colour('line'),
    faint: colour('faint'),
    paper: colour('stage'),
    l1: colour('l1'),
    l2: colour('l2'),
    refreshed: colour('l2'),
    stale: colour('stale'),
    waited: colour('source'),
    joined: colour('source'),
    source: colour('source'),
    error: colour('error'),
  }
}
