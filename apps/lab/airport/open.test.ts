import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type OpenAirport, openAirport } from './open.ts'
import { rowCount, rowOf } from './rows.ts'
import { columnsOf, type TableName, tableNames, tables } from './schema.ts'

const world = { seed: 1, scale: 0.1 }
const longMs = 120_000

beforeAll(() => void vi.stubEnv('DATABASE_URL', ''))
afterAll(() => void vi.unstubAllEnvs())

/** Where the rows of a table without a number of their own are found. */
const keys: Partial<Record<TableName, readonly string[]>> = { flightschedule: ['flightno'], weatherdata: ['log_date', 'time', 'station'] }

function keyOf(table: TableName): readonly string[] {
  return keys[table] ?? [columnsOf(table)[0]?.[0] as string]
}

describe('an open airport', () => {
  let airport: OpenAirport

  beforeAll(async () => {
    airport = await openAirport(world)
  }, longMs)
  afterAll(() => airport?.close())

  test('says what it is', () => {
    expect(airport.kind).toBe('embedded')
    expect(airport.label).toContain('single-connection')
    expect(airport.facts).toMatchObject({ ...world, version: expect.stringMatching(/^\d+/), fromCache: expect.any(Boolean) })
    expect(airport.facts.preparedInMs).toBeGreaterThan(0)
  })

  test.each(tableNames)('%s holds exactly the rows of rowOf', async (table) => {
    const count = rowCount(table, world)
    const found = await airport.pool.query<{ rows: number }>(`SELECT count(*)::integer AS rows FROM ${table}`)
    expect(found.rows).toEqual([{ rows: count }])
    expect(airport.facts.rows[table]).toBe(count)
    const condition = keyOf(table).map((column, index) => `${column} = $${index + 1}`)
    const one = `SELECT row_to_json(t) AS row FROM ${table} t WHERE ${condition.join(' AND ')}`
    for (let sample = 0; sample < 25; sample++) {
      const row: object = rowOf(table, 1 + Math.floor((sample * (count - 1)) / 24), world)
      const { rows } = await airport.pool.query(
        one,
        keyOf(table).map((column) => row[column as keyof typeof row]),
      )
      expect(rows).toEqual([{ row }])
    }
  })

  test('has its foreign keys, so that every reference holds', async () => {
    const { rows } = await airport.pool.query<{ name: string }>(
      `SELECT conrelid::regclass || ' → ' || confrelid::regclass AS name FROM pg_constraint WHERE contype = 'f' AND convalidated`,
    )
    const names = rows.map(({ name }) => name)
    const declared = tableNames.flatMap((table) => tables[table].constraints).filter((constraint) => constraint.startsWith('FOREIGN KEY'))
    expect(names).toHaveLength(declared.length)
    expect(names).toEqual(
      expect.arrayContaining(['booking → flight', 'booking → passenger', 'flight → airplane', 'passengerdetails → passenger']),
    )
  })

  test('refuses a seat that is sold', async () => {
    const { flight_id, seat } = rowOf('booking', 1, world)
    await expect(airport.pool.query('INSERT INTO booking VALUES (0, $1, $2, 1, 10)', [flight_id, seat])).rejects.toThrow(
      'booking_flight_id_seat_key',
    )
  })
})

test(
  'an embedded airport is prepared once; what is written to it is gone when it is opened again',
  async () => {
    const first = await openAirport(world)
    await first.pool.query('UPDATE flight SET departure = departure + $1::interval WHERE flight_id = 1', ['1 hour'])
    await first.close()
    await first.close()
    const second = await openAirport(world)
    try {
      expect(second.facts.fromCache).toBe(true)
      const { rows } = await second.pool.query('SELECT row_to_json(f) AS row FROM flight f WHERE flight_id = 1')
      expect(rows).toEqual([{ row: rowOf('flight', 1, world) }])
    } finally {
      await second.close()
    }
  },
  longMs,
)

test(
  'two open airports do not disturb each other',
  async () => {
    const [one, other] = await Promise.all([openAirport(world), openAirport(world)])
    try {
      await one.pool.query('DELETE FROM booking WHERE flight_id = 1')
      const { rows } = await other.pool.query<{ seats: number }>('SELECT count(*)::integer AS seats FROM booking WHERE flight_id = 1')
      expect(rows[0]?.seats).toBeGreaterThan(0)
    } finally {
      await Promise.all([one.close(), other.close()])
    }
  },
  longMs,
)
