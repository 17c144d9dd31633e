import { type Postgres, startPostgres } from '@tiercel/test-servers/postgres'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { openAirport } from './open.ts'
import { schemaName } from './schema.ts'

/** What happens to a database that is not ours: an empty embedded one stands in for it, given as `DATABASE_URL`. */
const world = { seed: 3, scale: 0.01 }
let server: Postgres
let pool: pg.Pool

beforeAll(async () => {
  vi.stubEnv('DATABASE_URL', '')
  server = await startPostgres()
  pool = new pg.Pool({ connectionString: server.connectionString })
  vi.stubEnv('DATABASE_URL', server.connectionString)
}, 120_000)

afterEach(() => pool.query(`DROP SCHEMA IF EXISTS ${schemaName} CASCADE`))

afterAll(async () => {
  vi.unstubAllEnvs()
  await pool?.end()
  await server?.stop()
})

const tablesOutside = async () =>
  (await pool.query(`SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`)).rows as { relname: string }[]

test('it is filled once, in a schema of its own', async () => {
  const first = await openAirport(world)
  await first.close()
  expect(first.kind).toBe('external')
  expect(first.facts.fromCache).toBe(false)
  const second = await openAirport(world)
  await second.close()
  expect(second.facts.fromCache).toBe(true)
  expect(await tablesOutside()).toEqual([])
})

test('two at once fill it once', async () => {
  const airports = await Promise.all([openAirport(world), openAirport(world)])
  await Promise.all(airports.map((airport) => airport.close()))
  expect(airports.map(({ facts }) => facts.fromCache).sort()).toEqual([false, true])
})

test('data of another seed or scale are replaced', async () => {
  for (const other of [world, { ...world, seed: 4 }, { ...world, scale: 0.02 }]) {
    const airport = await openAirport(other)
    const { rows } = await airport.pool.query<{ bookings: number }>('SELECT count(*)::integer AS bookings FROM booking')
    await airport.close()
    expect(airport.facts.fromCache).toBe(false)
    expect(rows[0]?.bookings).toBe(airport.facts.rows.booking)
  }
})

test('a schema of that name which somebody else made is refused and left alone', async () => {
  await pool.query(`CREATE SCHEMA ${schemaName}`)
  await pool.query(`CREATE TABLE ${schemaName}.booking AS SELECT 42 AS precious`)
  await expect(openAirport(world)).rejects.toThrow('already has a schema "airportdb" which the lab did not make')
  expect((await pool.query(`SELECT precious FROM ${schemaName}.booking`)).rows).toEqual([{ precious: 42 }])
})

test('an empty schema of that name is used', async () => {
  await pool.query(`CREATE SCHEMA ${schemaName}`)
  const airport = await openAirport(world)
  await airport.close()
  expect(airport.facts.fromCache).toBe(false)
})

test('a preparation that fails midway leaves nothing, and the next one succeeds', async () => {
  const onProgress = ({ step, table }: { step: string; table?: string }) => {
    if (step === 'indexes' && table === 'booking') throw new Error('pulled the plug')
  }
  await expect(openAirport({ ...world, onProgress })).rejects.toThrow('pulled the plug')
  expect((await pool.query(`SELECT to_regnamespace('${schemaName}') AS schema`)).rows).toEqual([{ schema: null }])
  const airport = await openAirport(world)
  await airport.close()
  expect(airport.facts.fromCache).toBe(false)
})
