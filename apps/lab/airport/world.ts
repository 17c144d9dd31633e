import { fleetTypes } from './aircraft.ts'
import { type Airline, airlinesOf } from './airlines.ts'
import { airports } from './airports.ts'
import { type Sales, salesOf } from './bookings.ts'
import type { TableName } from './schema.ts'
import { type Flight, flightsOf, type Rotation, rotationsOf, type ScheduledFlight, schedule } from './timetable.ts'
import { readingsPerStation } from './weather.ts'

/** What decides every row: nothing else does. */
export interface WorldOptions {
  /** A whole number from 0 to 4,294,967,295. */
  readonly seed: number
  /** 1 is about 300,000 bookings; from 0.001 to 100. */
  readonly scale: number
}

/** What rows have in common and what would be slow to derive for each: timetable, flights, seats sold. Derived from the options alone. */
export interface World extends WorldOptions {
  readonly airlines: readonly Airline[]
  readonly rotations: readonly Rotation[]
  readonly scheduled: readonly ScheduledFlight[]
  readonly flights: readonly Flight[]
  readonly passengers: number
  readonly sales: Sales
  readonly rows: Readonly<Record<TableName, number>>
}

const worlds = new Map<string, World>()

export function worldOf({ seed, scale }: WorldOptions): World {
  const name = `${seed} ${scale}`
  let world = worlds.get(name)
  if (!world) {
    world = buildWorld({ seed, scale })
    worlds.set(name, world)
  }
  return world
}

function buildWorld(options: WorldOptions): World {
  const { seed, scale } = checked(options)
  const scaled = (count: number, atLeast: number) => Math.max(atLeast, Math.round(count * scale))
  const airlines = airlinesOf(seed)
  const rotations = rotationsOf(seed, scaled(264, 3), airlines)
  const scheduled = rotations.flatMap((rotation) => schedule(seed, rotation))
  const flights = flightsOf(scheduled)
  const passengers = scaled(36_000, 600)
  const sales = salesOf(seed, flights, passengers)
  const stations = Math.min(airports.length, scaled(100, 3))
  const rows = {
    airport: airports.length,
    airport_geo: airports.length,
    airline: airlines.length,
    airplane_type: fleetTypes.length,
    airplane: rotations.length,
    flightschedule: scheduled.length,
    flight: flights.length,
    passenger: passengers,
    passengerdetails: passengers,
    booking: sales.bookings,
    employee: scaled(1000, 20),
    weatherdata: stations * readingsPerStation,
  }
  return { seed, scale, airlines, rotations, scheduled, flights, passengers, sales, rows }
}

function checked(options: WorldOptions): WorldOptions {
  const { seed, scale } = options
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff) {
    throw new RangeError(`The airport's seed is a whole number from 0 to 4294967295; ${seed} was given.`)
  }
  if (!(scale >= 0.001 && scale <= 100)) throw new RangeError(`The airport's scale is a number from 0.001 to 100; ${scale} was given.`)
  return options
}
