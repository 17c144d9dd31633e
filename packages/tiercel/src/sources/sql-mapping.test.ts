import { expect, test } from 'vitest'
import { kyselySource } from './kysely.ts'
import { pgSource } from './pg.ts'

const pool = { query: async () => ({ rows: [] }) }

test.each([
  [{ table: 'a b.c.d' }, 'TIERCEL_INVALID_OPTION'],
  [{ table: 'products as p' }, 'TIERCEL_INVALID_OPTION'],
  [{ table: undefined }, 'TIERCEL_INVALID_OPTION'],
  [{ key: undefined }, 'TIERCEL_INVALID_OPTION'],
  [{ key: [] }, 'TIERCEL_INVALID_OPTION'],
  [{ key: {} }, 'TIERCEL_INVALID_OPTION'],
  [{ key: { id: 7 } }, 'TIERCEL_INVALID_OPTION'],
  [{ key: ['id', 'id'] }, 'TIERCEL_INVALID_OPTION'],
  [{ key: 'a.b' }, 'TIERCEL_INVALID_OPTION'],
  [{ columns: [] }, 'TIERCEL_INVALID_OPTION'],
  [{ columns: 'name' }, 'TIERCEL_INVALID_OPTION'],
  [{ columns: ['x as y'] }, 'TIERCEL_INVALID_OPTION'],
  [{ sequence: '' }, 'TIERCEL_INVALID_OPTION'],
  [{ sequence: 'id' }, 'TIERCEL_INVALID_OPTION'],
  [{ removedAt: 'removed_at' }, 'TIERCEL_INVALID_OPTION'],
  [{ sequence: 's', removedAt: 's' }, 'TIERCEL_INVALID_OPTION'],
  [{ toRow: 'row' }, 'TIERCEL_INVALID_OPTION'],
  [{ colums: ['name'] }, 'TIERCEL_UNKNOWN_OPTION'],
])('options %j are refused', (wrong, code) => {
  const options = { table: 'products', key: 'id', ...wrong } as never
  expect(() => pgSource(pool, options)).toThrow(expect.objectContaining({ code }))
})

test('what is no pool and what is no Kysely is refused', () => {
  const refused = expect.objectContaining({ code: 'TIERCEL_INVALID_OPTION' })
  const options = { table: 'products', key: 'id' }
  expect(() => pgSource(undefined as never, options)).toThrow(refused)
  expect(() => kyselySource({} as never, { ...options, dialect: 'mysql' })).toThrow(refused)
  const db = { selectFrom: () => 0, insertInto: () => 0, deleteFrom: () => 0 }
  expect(() => kyselySource(db, { ...options, dialect: 'mssql' as never })).toThrow(refused)
})
