import type { Outcome } from '../../scenarios/outcome.ts'

/** The shape of an outcome around a point, as a piece of an SVG path: all marks of a kind are one element. */
export function markPath(outcome: Outcome, x: number, y: number, size: number): string {
  const at = (dx: number, dy: number) => `${round(x + dx * size)} ${round(y + dy * size)}`
  return shapes[outcome](at, size)
}

type At = (dx: number, dy: number) => string

const diamond = (at: At) => `M${at(0, -1.3)}L${at(1.3, 0)} ${at(0, 1.3)} ${at(-1.3, 0)}Z`
const square = (at: At) => `M${at(-1, -1)}L${at(1, -1)} ${at(1, 1)} ${at(-1, 1)}Z`

const shapes: Readonly<Record<Outcome, (at: At, size: number) => string>> = {
  l1: (at, size) => `M${at(-1, 0)}a${size} ${size} 0 1 0 ${2 * size} 0a${size} ${size} 0 1 0 ${-2 * size} 0Z`,
  l2: diamond,
  refreshed: diamond,
  stale: (at) => `M${at(0, -1.2)}L${at(1.25, 1)} ${at(-1.25, 1)}Z`,
  waited: (at) =>
    `M${at(-1.1, -1.2)}L${at(-0.35, -1.2)} ${at(-0.35, 1.2)} ${at(-1.1, 1.2)}ZM${at(0.35, -1.2)}L${at(1.1, -1.2)} ${at(1.1, 1.2)} ${at(0.35, 1.2)}Z`,
  joined: square,
  source: square,
  error: (at) => `M${at(-1.1, -1.1)}L${at(1.1, 1.1)}M${at(1.1, -1.1)}L${at(-1.1, 1.1)}`,
}

/** Shapes that are drawn as lines. */
export const outlined: ReadonlySet<Outcome> = new Set(['refreshed', 'joined', 'error'])

function round(value: number): number {
  return Math.round(value * 10) / 10
}
