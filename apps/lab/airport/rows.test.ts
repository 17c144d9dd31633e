import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { airports } from './airports.ts'
import { rowCount, rowOf } from './rows.ts'
import { columnsOf, type Row, type TableName, tableNames } from './schema.ts'
import { season } from './timetable.ts'
import { worldOf } from './world.ts'

const world = { seed: 1, scale: 0.05 }
const all = <T extends TableName>(table: T): readonly Row<T>[] =>
  Array.from({ length: rowCount(table, world) }, (_, index) => rowOf(table, index + 1, world))

/** The first, a middle and the last row of a table. */
function fingerprint(table: TableName): string {
  const count = rowCount(table, world)
  const rows = [1, Math.ceil(count / 2), count].map((n) => rowOf(table, n, world))
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 16)
}

test('rows never change: a change raises schemaVersion, so that prepared databases are made anew', () => {
  expect(Object.fromEntries(tableNames.map((table) => [table, fingerprint(table)]))).toMatchInlineSnapshot(`
    {
      "airline": "e029cc818e4852da",
      "airplane": "122f585a57b75350",
      "airplane_type": "d7646c560fb8a84c",
      "airport": "abb059fc9c87238f",
      "airport_geo": "9b4dcc1b73ca455f",
      "booking": "2b5476411be4aa49",
      "employee": "d43c471d98fccbb5",
      "flight": "243a583dc6a6e560",
      "flightschedule": "44747752cda17c41",
      "passenger": "0ae2eb16f4312654",
      "passengerdetails": "88f8b1a5e0ec9cf7",
      "weatherdata": "6b539820d9a5ded9",
    }
  `)
})

test.each(tableNames)('a row of %s is the same twice, and has every column', (table) => {
  const n = rowCount(table, world)
  expect(rowOf(table, n, world)).toEqual(rowOf(table, n, world))
  expect(Object.keys(rowOf(table, n, world))).toEqual(columnsOf(table).map(([name]) => name))
})

test('another seed has other people on other flights, but the same airports', () => {
  const other = { ...world, seed: 2 }
  expect(rowOf('passenger', 1, other)).not.toEqual(rowOf('passenger', 1, world))
  expect(rowOf('flight', 1, other)).not.toEqual(rowOf('flight', 1, world))
  expect(rowOf('airport', 1, other)).toEqual(rowOf('airport', 1, world))
})

test('scale 1 has about 300,000 bookings, whatever the seed', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    expect(rowCount('booking', { seed, scale: 1 })).toBeGreaterThan(240_000)
    expect(rowCount('booking', { seed, scale: 1 })).toBeLessThan(360_000)
  }
})

test.each([
  [0, 'passenger has rows 1 to 1800; 0 was asked for.'],
  [1801, 'passenger has rows 1 to 1800; 1801 was asked for.'],
  [1.5, 'passenger has rows 1 to 1800; 1.5 was asked for.'],
])('row %d is refused', (n, message) => {
  expect(() => rowOf('passenger', n, world)).toThrow(new RangeError(message))
})

test.each([
  { seed: -1, scale: 1 },
  { seed: 1.5, scale: 1 },
  { seed: 2 ** 32, scale: 1 },
  { seed: 1, scale: 0 },
  { seed: 1, scale: Number.NaN },
  { seed: 1, scale: 101 },
])('$seed as seed with $scale as scale is refused', (options) => {
  expect(() => worldOf(options)).toThrow(RangeError)
})

describe('the airport makes sense', () => {
  test('no seat is sold twice, and nobody is twice on a flight', () => {
    const bookings = all('booking')
    expect(new Set(bookings.map(({ flight_id, seat }) => `${flight_id} ${seat}`)).size).toBe(bookings.length)
    expect(new Set(bookings.map(({ flight_id, passenger_id }) => `${flight_id} ${passenger_id}`)).size).toBe(bookings.length)
  })

  test('every flight has a booking, every passenger too, and no flight more than its airplane has seats', () => {
    const bookings = all('booking')
    const capacities = new Map(all('airplane').map(({ airplane_id, capacity }) => [airplane_id, capacity]))
    const sold = groupBy(bookings, ({ flight_id }) => flight_id)
    for (const { flight_id, airplane_id } of all('flight')) {
      expect(sold.get(flight_id)?.length).toBeGreaterThan(0)
      expect(sold.get(flight_id)?.length).toBeLessThanOrEqual(capacities.get(airplane_id) as number)
    }
    expect(new Set(bookings.map(({ passenger_id }) => passenger_id)).size).toBe(rowCount('passenger', world))
  })

  test('no airplane leaves before it has come, nor from where it is not', () => {
    const flights = groupBy(all('flight'), ({ airplane_id }) => airplane_id)
    for (const ofOne of flights.values()) {
      ofOne.slice(1).forEach((flight, index) => {
        const before = ofOne[index] as Row<'flight'>
        expect(flight.from).toBe(before.to)
        expect(Date.parse(`${flight.departure}Z`)).toBeGreaterThan(Date.parse(`${before.arrival}Z`))
      })
    }
  })

  test('flights keep to their schedule, in order of departure, inside the season', () => {
    const schedule = new Map(all('flightschedule').map((line) => [line.flightno, line]))
    const flights = all('flight')
    for (const { flightno, departure, from, to } of flights) {
      const line = schedule.get(flightno)
      const weekday = new Date(`${departure}Z`).toLocaleDateString('en', { weekday: 'long', timeZone: 'UTC' }).toLowerCase()
      expect(line).toMatchObject({ from, to, departure: departure?.slice(11), [weekday]: true })
    }
    const departures = flights.map(({ departure }) => departure as string)
    expect(departures.toSorted()).toEqual(departures)
    expect(departures[0]?.slice(0, 10)).toBe(season.start)
  })

  test('codes, flight numbers, passports and user names are unique', () => {
    const isUnique = (values: readonly unknown[]) => new Set(values).size === values.length
    expect(isUnique(all('airline').map(({ iata }) => iata))).toBe(true)
    expect(isUnique(all('airline').map(({ airlinename }) => airlinename))).toBe(true)
    expect(isUnique(all('flightschedule').map(({ flightno }) => flightno))).toBe(true)
    expect(isUnique(all('passenger').map(({ passportno }) => passportno))).toBe(true)
    expect(isUnique(all('employee').map(({ username }) => username))).toBe(true)
    expect(isUnique(airports.map(({ iata }) => iata))).toBe(true)
  })

  test('the busiest airports at scale 1 are large ones', () => {
    const { flights } = worldOf({ seed: 1, scale: 1 })
    const touched = flights.flatMap(({ scheduled }) => [scheduled.from, scheduled.to])
    const counts = [...groupBy(touched, ({ iata }) => iata).values()].toSorted((a, b) => b.length - a.length)
    for (const [airport] of counts.slice(0, 10)) expect(airport?.size).toBe('large')
  })
})

/** Node 20 has no Map.groupBy. */
function groupBy<Item, Name>(items: readonly Item[], nameOf: (item: Item) => Name): Map<Name, Item[]> {
  const groups = new Map<Name, Item[]>()
  for (const item of items) {
    const name = nameOf(item)
    const group = groups.get(name)
    if (group) group.push(item)
    else groups.set(name, [item])
  }
  return groups
}
