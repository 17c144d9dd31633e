import { dayMinutes, season } from './timetable.ts'

const seasonStartMs = Date.parse(`${season.start}T00:00:00Z`)

/** A moment of the season, UTC, as `2026-06-01T05:30:00`. */
export function timestampAt(minutesOfSeason: number): string {
  return new Date(seasonStartMs + minutesOfSeason * 60_000).toISOString().slice(0, 19)
}

export function dateAt(day: number): string {
  return timestampAt(day * dayMinutes).slice(0, 10)
}

export function timeAt(minutesOfDay: number): string {
  return timestampAt(minutesOfDay % dayMinutes).slice(11)
}
