import { signal } from '@preact/signals'

/** The thirty-second tour: one scenario, seen section by section. `undefined`: nobody is on it. */
export const tour = signal<{ readonly step: number; readonly isPaused: boolean } | undefined>(undefined)

export interface TourStep {
  /** Section of the scenario's page. */
  readonly section: string
  readonly text: string
  /** How long it stays; `'run'`: until the run has ended. */
  readonly stays: number | 'run'
}

export const tourSteps: readonly TourStep[] = [
  { section: 'question', text: 'Every page asks one question that somebody who runs a service has asked.', stays: 5000 },
  { section: 'guess', text: 'First you guess. It is for you alone, and it makes the answer stick.', stays: 5000 },
  { section: 'experiment', text: 'Now it runs: the same requests in every lane, on the servers of this machine.', stays: 'run' },
  { section: 'result', text: 'The verdict is put together from what was measured just now, and so are all the figures.', stays: 8000 },
  { section: 'take-home', text: 'Each page ends with the lines to paste and a question to check yourself. That was the tour.', stays: 0 },
]

export const prefersStillness = () => matchMedia('(prefers-reduced-motion: reduce)').matches

export function startTour(): void {
  tour.value = { step: 0, isPaused: prefersStillness() }
}

export function endTour(): void {
  tour.value = undefined
}

export function moveTour(by: number): void {
  const now = tour.peek()
  if (now === undefined) return
  const step = now.step + by
  if (step >= tourSteps.length) return endTour()
  tour.value = { ...now, step: Math.max(0, step) }
}
