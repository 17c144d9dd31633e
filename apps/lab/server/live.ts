import type { Mark } from '../scenarios/live.ts'
import type { Preparation } from './preparation.ts'
import type { RunningLab } from './running-lab.ts'
import type { Runs } from './runs.ts'
import { startTrickle, type Trickle } from './trickle.ts'

/** What every page is told all the time; its steady arrival also says that the server is there. */
export interface Pulse {
  readonly preparation: Preparation
  /** The run that goes on just now. */
  readonly active: { readonly id: string; readonly scenario: string } | null
  /** Requests of the trickle since the last pulse. */
  readonly marks: readonly Mark[]
}

export interface Live {
  watch(listener: (pulse: Pulse) => void, wantsMarks: boolean): () => void
  /** Sends a pulse now: something changed. */
  changed(): void
  close(): Promise<void>
}

const pulseEveryMs = 500

/** The trickle flows only while a page wants to see it and no run could be disturbed. */
export function createLive(lab: RunningLab, runs: Runs): Live {
  const listeners = new Map<(pulse: Pulse) => void, boolean>()
  let trickle: Trickle | undefined
  let isClosed = false

  const isWanted = () => !isClosed && runs.active === undefined && [...listeners.values()].some((wantsMarks) => wantsMarks)
  const pulse = () => {
    if (isWanted() && lab.lab !== undefined) (trickle ??= startTrickle(lab.lab)).resume()
    else trickle?.pause()
    const { active } = runs
    const marks = trickle?.take() ?? []
    const current: Pulse = {
      preparation: lab.preparation,
      active: active === undefined ? null : { id: active.id, scenario: active.scenario },
      marks,
    }
    for (const listener of listeners.keys()) listener(current)
  }
  const timer = setInterval(pulse, pulseEveryMs)
  timer.unref()
  return {
    watch(listener, wantsMarks) {
      listeners.set(listener, wantsMarks)
      pulse()
      return () => listeners.delete(listener)
    },
    changed: pulse,
    async close() {
      isClosed = true
      clearInterval(timer)
      listeners.clear()
      await trickle?.close()
    },
  }
}
