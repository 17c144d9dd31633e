import { permutation } from '@tiercel/workloads'
import { dateAt } from './clock.ts'
import type { TableName } from './schema.ts'
import { season } from './timetable.ts'

export type QueryId = 'flight' | 'manifest' | 'itinerary' | 'busiest'

export type RowCounts = Readonly<Record<TableName, number>>

/** A question to the database as data: what a scenario needs to run it, cache it, explain it and show it. */
export interface Query {
  readonly id: QueryId
  readonly title: string
  /** What it answers, in one sentence. */
  readonly answers: string
  /** Every column comes out as text, a number or null: JSON brings it back as it was. */
  readonly sql: string
  /** What stands for `$1`, `$2`, … */
  readonly parameters: readonly string[]
  readonly columns: readonly string[]
  /** How many different parameters there are. */
  distinct(rows: RowCounts): number
  /** The parameters of a popularity rank, counted from 0. Different ranks have different parameters, and neighbours are far apart. */
  paramsOf(rank: number, rows: RowCounts): readonly (string | number)[]
}

const flight: Query = {
  id: 'flight',
  title: 'One flight',
  answers: 'When does this flight leave, and when does it arrive?',
  sql: `
SELECT flight_id, flightno, "from", "to",
       to_char(departure, 'YYYY-MM-DD"T"HH24:MI:SS') AS departure,
       to_char(arrival, 'YYYY-MM-DD"T"HH24:MI:SS') AS arrival,
       airline_id, airplane_id
FROM flight
WHERE flight_id = $1`.trim(),
  parameters: ['flight_id'],
  columns: ['flight_id', 'flightno', 'from', 'to', 'departure', 'arrival', 'airline_id', 'airplane_id'],
  distinct: (rows) => rows.flight,
  paramsOf: (rank, rows) => [idOfRank(rank, rows.flight)],
}

const manifest: Query = {
  id: 'manifest',
  title: 'Passenger manifest',
  answers: 'Who sits where on this flight? Three tables.',
  sql: `
SELECT f.flightno, to_char(f.departure, 'YYYY-MM-DD"T"HH24:MI:SS') AS departure,
       b.seat, p.passenger_id, p.firstname, p.lastname, p.passportno
FROM flight f
JOIN booking b ON b.flight_id = f.flight_id
JOIN passenger p ON p.passenger_id = b.passenger_id
WHERE f.flight_id = $1
ORDER BY p.lastname, p.firstname, b.seat`.trim(),
  parameters: ['flight_id'],
  columns: ['flightno', 'departure', 'seat', 'passenger_id', 'firstname', 'lastname', 'passportno'],
  distinct: (rows) => rows.flight,
  paramsOf: (rank, rows) => [idOfRank(rank, rows.flight)],
}

const itinerary: Query = {
  id: 'itinerary',
  title: 'Passenger itinerary',
  answers: 'Where does this passenger fly, when, with whom and in what? Eight tables.',
  sql: `
SELECT p.firstname, p.lastname, d.country AS home, d.emailaddress,
       f.flightno, al.airlinename, t.identifier AS airplane,
       origin.iata AS from_iata, origin.name AS from_airport,
       target.iata AS to_iata, target.name AS to_airport,
       to_char(f.departure, 'YYYY-MM-DD"T"HH24:MI:SS') AS departure,
       to_char(f.arrival, 'YYYY-MM-DD"T"HH24:MI:SS') AS arrival,
       b.seat, b.price::float8 AS price
FROM passenger p
JOIN passengerdetails d ON d.passenger_id = p.passenger_id
JOIN booking b ON b.passenger_id = p.passenger_id
JOIN flight f ON f.flight_id = b.flight_id
JOIN airline al ON al.airline_id = f.airline_id
JOIN airplane ap ON ap.airplane_id = f.airplane_id
JOIN airplane_type t ON t.type_id = ap.type_id
JOIN airport origin ON origin.airport_id = f."from"
JOIN airport target ON target.airport_id = f."to"
WHERE p.passenger_id = $1
ORDER BY f.departure, f.flight_id`.trim(),
  parameters: ['passenger_id'],
  columns: [
    'firstname',
    'lastname',
    'home',
    'emailaddress',
    'flightno',
    'airlinename',
    'airplane',
    'from_iata',
    'from_airport',
    'to_iata',
    'to_airport',
    'departure',
    'arrival',
    'seat',
    'price',
  ],
  distinct: (rows) => rows.passenger,
  paramsOf: (rank, rows) => [idOfRank(rank, rows.passenger)],
}

const busiest: Query = {
  id: 'busiest',
  title: 'Busiest airports',
  answers: 'Which ten airports have most passengers, arriving and departing, in the days from this date on?',
  sql: `
WITH sold AS (
  SELECT f.flight_id, f."from", f."to", count(*) AS passengers, sum(b.price) AS revenue
  FROM flight f
  JOIN booking b ON b.flight_id = f.flight_id
  WHERE f.departure >= $1::date AND f.departure < $1::date + $2::integer
  GROUP BY f.flight_id
), busy AS (
  SELECT airport_id, count(*) AS flights, sum(passengers) AS passengers, sum(revenue) AS revenue
  FROM sold, LATERAL (VALUES ("from"), ("to")) AS touched (airport_id)
  GROUP BY airport_id
  ORDER BY passengers DESC, airport_id
  LIMIT 10
)
SELECT a.iata, a.name, g.city, g.country,
       busy.flights::integer AS flights, busy.passengers::integer AS passengers, busy.revenue::float8 AS revenue
FROM busy
JOIN airport a USING (airport_id)
JOIN airport_geo g USING (airport_id)
ORDER BY busy.passengers DESC, airport_id`.trim(),
  parameters: ['first day', 'days'],
  columns: ['iata', 'name', 'city', 'country', 'flights', 'passengers', 'revenue'],
  distinct: () => windows.length,
  paramsOf: (rank) => windows[idOfRank(rank, windows.length) - 1] as readonly [string, number],
}

/** Every span of one to four weeks inside the season. */
const windows = [7, 14, 21, 28].flatMap((days) =>
  Array.from({ length: season.days - days + 1 }, (_, first) => [dateAt(first), days] as const),
)

export const queries: Readonly<Record<QueryId, Query>> = { flight, manifest, itinerary, busiest }

/** Popularity has nothing to do with the place in the table. */
function idOfRank(rank: number, ids: number): number {
  let place = placesOfRanks.get(ids)
  if (!place) {
    place = permutation({ items: ids, seed: 'airport' })
    placesOfRanks.set(ids, place)
  }
  return place(rank) + 1
}

const placesOfRanks = new Map<number, (rank: number) => number>()
