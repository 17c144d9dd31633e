import { type Aircraft, fleetTypes } from './aircraft.ts'
import type { Airline } from './airlines.ts'
import { type Airport, airports } from './airports.ts'
import { bookingRow } from './bookings.ts'
import { timeAt, timestampAt } from './clock.ts'
import { employeeRow, passengerDetailsRow, passengerRow } from './people.ts'
import type { Row, TableName } from './schema.ts'
import type { Flight, Rotation, ScheduledFlight } from './timetable.ts'
import { weatherRow } from './weather.ts'
import { type World, type WorldOptions, worldOf } from './world.ts'

/** How many rows a table has. */
export function rowCount(table: TableName, options: WorldOptions): number {
  return worldOf(options).rows[table]
}

/**
 * Row `n` of a table, counted from 1, without asking a database. What the lab holds against a cached row to see whether it is stale.
 *
 * In tables with a numeric key, `n` is that key. The rest are `flightschedule`, in the order of airplanes, out before back, and
 * `weatherdata`, station by station.
 */
export function rowOf<T extends TableName>(table: T, n: number, options: WorldOptions): Row<T> {
  const world = worldOf(options)
  const count = world.rows[table]
  if (!Number.isInteger(n) || n < 1 || n > count) throw new RangeError(`${table} has rows 1 to ${count}; ${n} was asked for.`)
  return makers[table](n, world)
}

const makers: { readonly [T in TableName]: (n: number, world: World) => Row<T> } = {
  airport: (n) => airportRow(at(airports, n)),
  airport_geo: (n) => airportGeoRow(at(airports, n)),
  airline: (n, { airlines }) => airlineRow(at(airlines, n)),
  airplane_type: (n) => airplaneTypeRow(at(fleetTypes, n)),
  airplane: (n, { rotations }) => airplaneRow(at(rotations, n)),
  flightschedule: (n, { scheduled }) => flightscheduleRow(at(scheduled, n)),
  flight: (n, { flights }) => flightRow(at(flights, n)),
  passenger: (n, { seed }) => passengerRow(n, seed),
  passengerdetails: (n, { seed }) => passengerDetailsRow(n, seed),
  booking: bookingRow,
  employee: (n, { seed }) => employeeRow(n, seed),
  weatherdata: (n, { seed }) => weatherRow(n, seed),
}

function at<Item>(list: readonly Item[], n: number): Item {
  return list[n - 1] as Item
}

function airportRow({ id, iata, icao, name }: Airport): Row<'airport'> {
  return { airport_id: id, iata, icao, name }
}

function airportGeoRow({ id, name, city, country, latitude, longitude }: Airport): Row<'airport_geo'> {
  return { airport_id: id, name, city, country, latitude, longitude, geolocation: `(${longitude},${latitude})` }
}

function airlineRow({ id, iata, name, base }: Airline): Row<'airline'> {
  return { airline_id: id, iata, airlinename: name, base_airport: base.id }
}

function airplaneTypeRow({ id, identifier, description }: Aircraft): Row<'airplane_type'> {
  return { type_id: id, identifier, description }
}

function airplaneRow({ id, aircraft, airline }: Rotation): Row<'airplane'> {
  return { airplane_id: id, capacity: aircraft.seats, type_id: aircraft.id, airline_id: airline.id }
}

function flightscheduleRow({ rotation, flightno, from, to, departs, minutes, days }: ScheduledFlight): Row<'flightschedule'> {
  const [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = days
  return {
    flightno,
    from: from.id,
    to: to.id,
    departure: timeAt(departs),
    arrival: timeAt(departs + minutes),
    airline_id: rotation.airline.id,
    monday,
    tuesday,
    wednesday,
    thursday,
    friday,
    saturday,
    sunday,
  }
}

function flightRow({ id, scheduled, departs }: Flight): Row<'flight'> {
  const { rotation, flightno, from, to, minutes } = scheduled
  return {
    flight_id: id,
    flightno,
    from: from.id,
    to: to.id,
    departure: timestampAt(departs),
    arrival: timestampAt(departs + minutes),
    airline_id: rotation.airline.id,
    airplane_id: rotation.id,
  }
}
