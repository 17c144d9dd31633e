import type { Outcome } from '../scenarios/outcome.ts'
import type { TimelineLoad, TimelineTrack } from '../scenarios/run-result.ts'

/** What happened in one stretch of a track. Reads count where they were answered. */
export interface TimelineSlice {
  readonly startMs: number
  readonly endMs: number
  fresh: number
  stale: number
  waited: number
  failed: number
  oldestMs: number | null
  loadsBegun: number
  /** How the load ended that was under way here: the worst of them. */
  load: TimelineLoad['end'] | undefined
}

type Fate = 'fresh' | 'stale' | 'waited' | 'failed'

const fates: Readonly<Record<Outcome, Fate>> = {
  l1: 'fresh',
  l2: 'fresh',
  refreshed: 'fresh',
  stale: 'stale',
  waited: 'waited',
  joined: 'waited',
  source: 'waited',
  error: 'failed',
}

/** A track in equal stretches: for tables and terminals. */
export function timelineSlices({ reads, loads }: TimelineTrack, lengthMs: number, count: number): readonly TimelineSlice[] {
  const stepMs = lengthMs / count
  const slices = Array.from({ length: count }, (_, place): TimelineSlice => {
    const bounds = { startMs: place * stepMs, endMs: (place + 1) * stepMs }
    return { ...bounds, fresh: 0, stale: 0, waited: 0, failed: 0, oldestMs: null, loadsBegun: 0, load: undefined }
  })
  const placeOf = (ms: number) => Math.min(count - 1, Math.max(0, Math.floor(ms / stepMs)))
  for (const { answeredMs, outcome, ageMs } of reads) {
    const slice = slices[placeOf(answeredMs)] as TimelineSlice
    slice[fates[outcome]]++
    if (ageMs !== null) slice.oldestMs = Math.max(ageMs, slice.oldestMs ?? 0)
  }
  for (const { startMs, endMs, end } of loads) {
    ;(slices[placeOf(startMs)] as TimelineSlice).loadsBegun++
    for (let place = placeOf(startMs); place <= placeOf(endMs); place++) {
      const slice = slices[place] as TimelineSlice
      if (slice.load === undefined || slice.load === 'done') slice.load = end
    }
  }
  return slices
}
