import { type Aircraft, drawAircraft, flightMinutes } from './aircraft.ts'
import { type Airline, drawAirline } from './airlines.ts'
import type { Airport } from './airports.ts'
import { distanceKm, drawDestination } from './gravity.ts'
import { Random } from './random.ts'

/**
 * The timetable: each airplane shuttles between its airline's base and one destination, on the same days every week. So no airplane
 * is in two places at once, and one rotation gives two lines of the flight schedule: out and back.
 */
export interface Rotation {
  /** Also the `airplane_id`. */
  readonly id: number
  readonly airline: Airline
  readonly aircraft: Aircraft
  readonly destination: Airport
  readonly km: number
}

/** A flag for each day, Monday first. */
export type Week = readonly [boolean, boolean, boolean, boolean, boolean, boolean, boolean]

export interface ScheduledFlight {
  readonly rotation: Rotation
  readonly flightno: string
  readonly from: Airport
  readonly to: Airport
  /** Minutes after midnight, UTC. */
  readonly departs: number
  readonly minutes: number
  readonly days: Week
}

export interface Flight {
  readonly id: number
  readonly scheduled: ScheduledFlight
  /** Minutes after the season's start. */
  readonly departs: number
}

/** Four whole weeks, from a Monday. */
export const season = { start: '2026-06-01', days: 28 } as const

export const dayMinutes = 24 * 60

export function rotationsOf(seed: number, count: number, airlines: readonly Airline[]): readonly Rotation[] {
  return Array.from({ length: count }, (_, index) => {
    const random = new Random(seed, 'rotation', index + 1)
    const airline = drawAirline(airlines, random)
    const destination = drawDestination(airline.base, random)
    const km = distanceKm(airline.base, destination)
    return { id: index + 1, airline, aircraft: drawAircraft(km, random), destination, km }
  })
}

/** Days of operation as timetables print them: 1 is Monday. */
const frequencies = ['1234567', '12345', '1357', '246', '135', '147', '36', '25', '15', '67', '4', '7']
/** The same where an airplane is away over night: never on two days in a row. */
const overnightFrequencies = ['135', '246', '14', '25', '37', '3', '6']

/** The two lines of the schedule that belong to a rotation. */
export function schedule(seed: number, rotation: Rotation): readonly [out: ScheduledFlight, back: ScheduledFlight] {
  const random = new Random(seed, 'schedule', rotation.id)
  const { airline, aircraft, destination, km } = rotation
  const minutes = flightMinutes(km, aircraft)
  const ground = groundMinutes(aircraft)
  const departs = (5 * 60 + 5 * random.below(192)) % dayMinutes
  const isBackTheSameDay = 2 * (minutes + ground) < dayMinutes - 60
  const days = daysOf(random.pick(isBackTheSameDay ? frequencies : overnightFrequencies))
  const returns = departs + minutes + ground
  const number = 98 + 2 * rotation.id
  return [
    { rotation, flightno: `${airline.iata}${number}`, from: airline.base, to: destination, departs, minutes, days },
    {
      rotation,
      flightno: `${airline.iata}${number + 1}`,
      from: destination,
      to: airline.base,
      departs: returns % dayMinutes,
      minutes,
      days: daysLater(days, Math.floor(returns / dayMinutes)),
    },
  ]
}

function groundMinutes({ seats }: Aircraft): number {
  if (seats < 100) return 35
  return seats < 230 ? 50 : 90
}

const weekdays = [0, 1, 2, 3, 4, 5, 6] as const

function daysOf(frequency: string): Week {
  return weekdays.map((day) => frequency.includes(String(day + 1))) as unknown as Week
}

function daysLater(days: Week, later: number): Week {
  return weekdays.map((day) => days[(day - later + 7) % 7]) as unknown as Week
}

/** Every flight of the season in order of departure. */
export function flightsOf(scheduled: readonly ScheduledFlight[]): readonly Flight[] {
  return scheduled
    .flatMap((line) => departuresOf(line).map((departs) => ({ scheduled: line, departs })))
    .sort((a, b) => a.departs - b.departs || a.scheduled.rotation.id - b.scheduled.rotation.id)
    .map((flight, index) => ({ id: index + 1, ...flight }))
}

function departuresOf({ days, departs }: ScheduledFlight): readonly number[] {
  return Array.from({ length: season.days }, (_, day) => day)
    .filter((day) => days[day % 7])
    .map((day) => day * dayMinutes + departs)
}
