import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { explainQuery, planNodes } from './explain.ts'
import { type OpenAirport, openAirport } from './open.ts'
import { type Query, queries } from './queries.ts'
import { rowCount, rowOf } from './rows.ts'

const world = { seed: 1, scale: 0.1 }
const every = Object.values(queries).map((query) => [query.id, query] as const)
let airport: OpenAirport

beforeAll(async () => {
  vi.stubEnv('DATABASE_URL', '')
  airport = await openAirport(world)
}, 120_000)

afterAll(async () => {
  vi.unstubAllEnvs()
  await airport?.close()
})

const ask = async (query: Query, rank: number) =>
  (await airport.pool.query(query.sql, [...query.paramsOf(rank, airport.facts.rows)])).rows as Record<string, unknown>[]

describe.each(every)('%s', (_, query) => {
  const ranks = () => {
    const distinct = query.distinct(airport.facts.rows)
    return Array.from({ length: 40 }, (_, index) => Math.floor((index * (distinct - 1)) / 39))
  }

  test('has rows for every rank, with the columns it names, and JSON brings them back as they were', async () => {
    for (const rank of ranks()) {
      const rows = await ask(query, rank)
      expect(rows.length).toBeGreaterThan(0)
      expect(Object.keys(rows[0] as object)).toEqual(query.columns)
      expect(JSON.parse(JSON.stringify(rows))).toEqual(rows)
      for (const value of rows.flatMap(Object.values)) expect(value === null || ['string', 'number'].includes(typeof value)).toBe(true)
    }
  })

  test('has other parameters for every rank, and refuses a rank beyond them', () => {
    const { rows } = airport.facts
    const distinct = query.distinct(rows)
    const seen = new Set(Array.from({ length: distinct }, (_, rank) => query.paramsOf(rank, rows).join()))
    expect(seen.size).toBe(distinct)
    expect(() => query.paramsOf(distinct, rows)).toThrow(RangeError)
    expect(query.parameters).toHaveLength(query.paramsOf(0, rows).length)
  })

  test('can be explained', async () => {
    const explained = await explainQuery(airport.pool, query, query.paramsOf(0, airport.facts.rows))
    expect(explained.executionMs).toBeGreaterThan(0)
    expect(explained.planningMs).toBeGreaterThan(0)
    expect(explained.text.split('\n').length).toBeGreaterThan(planNodes(explained.plan).length)
  })
})

test.each([
  ['flight', 'flight_pkey'],
  ['manifest', 'booking_flight_id_seat_key'],
  ['itinerary', 'booking_passenger_id_idx'],
] as const)('%s finds its rows by an index', async (id, index) => {
  const query = queries[id]
  const { plan, text } = await explainQuery(airport.pool, query, query.paramsOf(0, airport.facts.rows))
  expect(planNodes(plan).map((node) => node['Index Name'])).toContain(index)
  expect(text).toContain(index)
})

test('one flight is the flight of rowOf', async () => {
  const [id] = queries.flight.paramsOf(3, airport.facts.rows)
  expect(await ask(queries.flight, 3)).toEqual([rowOf('flight', Number(id), world)])
})

test('a manifest lists every booking of its flight', async () => {
  const [id] = queries.manifest.paramsOf(5, airport.facts.rows)
  const bookings = Array.from({ length: rowCount('booking', world) }, (_, index) => rowOf('booking', index + 1, world))
  const seats = bookings.filter(({ flight_id }) => flight_id === id).map(({ seat }) => seat)
  expect((await ask(queries.manifest, 5)).map(({ seat }) => seat).sort()).toEqual(seats.sort())
})

test('the busiest airports are those that a count over all bookings finds', async () => {
  const rank = Array.from({ length: 46 }, (_, index) => index).find(
    (index) => queries.busiest.paramsOf(index, airport.facts.rows)[1] === 28,
  )
  const passengers = new Map<string | null, number>()
  for (let n = 1; n <= rowCount('booking', world); n++) {
    const flight = rowOf('flight', rowOf('booking', n, world).flight_id, world)
    for (const id of [flight.from, flight.to]) {
      const { iata } = rowOf('airport', id, world)
      passengers.set(iata, (passengers.get(iata) ?? 0) + 1)
    }
  }
  const counted = [...passengers.values()].sort((a, b) => b - a).slice(0, 10)
  expect((await ask(queries.busiest, rank as number)).map((row) => row['passengers'])).toEqual(counted)
})
