import { startPostgres } from '@tiercel/test-servers/postgres'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kyselySource } from '../../src/sources/kysely.ts'
import { pgSource } from '../../src/sources/pg.ts'
import { tableName } from './sql-engines.ts'

interface Product {
  readonly id: string
  readonly name: string
}

const { signal } = new AbortController()
const context = { signal, sequence: undefined }
const table = tableName()
let close: () => Promise<void>
let pool: pg.Pool

beforeAll(async () => {
  const server = await startPostgres()
  pool = new pg.Pool({ connectionString: server.connectionString, max: 1 })
  close = async () => {
    await pool.query(`drop table ${table}`)
    await pool.end()
    await server.stop()
  }
  await pool.query(`create table ${table} (id text primary key, name text)`)
})
afterAll(() => close())

test('over a client in a transaction, its owner decides what is committed', async () => {
  const client = await pool.connect()
  await client.query('begin')
  const source = pgSource<Product>(client, { table, key: 'id' })
  await source.store({ id: 'a' }, { id: 'a', name: 'bolt' }, context)
  expect(await source.load({ id: 'a' }, context)).toEqual({ id: 'a', name: 'bolt' })
  await client.query('rollback')
  expect(await source.load({ id: 'a' }, context)).toBeNull()
  client.release()
})

test('over a transaction of kysely as well; a schema may stand before the table', async () => {
  const db = new Kysely<Record<string, Product>>({ dialect: new PostgresDialect({ pool }) })
  const options = { dialect: 'postgres', table: `public.${table}`, key: 'id' } as const
  const undone = db.transaction().execute(async (transaction) => {
    const source = kyselySource<Product>(transaction, options)
    await source.store({ id: 'b' }, { id: 'b', name: 'bolt' }, context)
    expect(await source.load({ id: 'b' }, context)).toEqual({ id: 'b', name: 'bolt' })
    throw new Error('undone')
  })
  await expect(undone).rejects.toThrow('undone')
  expect(await kyselySource<Product>(db, options).load({ id: 'b' }, context)).toBeNull()
  expect(await pgSource<Product>(pool, { table: `public.${table}`, key: 'id' }).load({ id: 'b' }, context)).toBeNull()
})
