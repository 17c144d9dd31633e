import type { Timeline } from './run-result.ts'
import { sharedClockMs } from './shared-clock.ts'

/** Something that was broken for a while, on the shared clock. */
export interface Fault<Id extends string> {
  readonly id: Id
  readonly fromMs: number
  /** `undefined`: it still is. */
  toMs: number | undefined
}

export interface Window {
  readonly fromMs: number
  readonly toMs: number
  /** Whether the run goes on. */
  readonly isLive: boolean
}

/** Faults as a timeline shows them. */
export function spansOf<Id extends string>(
  faults: readonly Fault<Id>[],
  labels: Readonly<Record<Id, string>>,
  { fromMs, toMs, isLive }: Window,
): Timeline['spans'] {
  return faults.map(({ id, fromMs: startMs, toMs: endMs }) => {
    const lastMs = Math.min(toMs, endMs ?? (isLive ? sharedClockMs() : toMs))
    return { label: labels[id], startMs: startMs - fromMs, endMs: Math.max(startMs, lastMs) - fromMs }
  })
}
