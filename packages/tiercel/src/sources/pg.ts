import { UsageError } from '../kernel/errors.ts'
import { show } from '../kernel/show.ts'
import { quoted, quotedTable } from './identifier.ts'
import { onConflict } from './newer-only.ts'
import type { SourceParams } from './source.ts'
import { type SqlMapping, type SqlRow, type SqlSourceOptions, sqlMapping, sqlOptionNames } from './sql-mapping.ts'
import { type SqlSource, sqlSource } from './sql-source.ts'
import type { SqlTable } from './sql-table.ts'

export type { SourceParams, SqlRow, SqlSource, SqlSourceOptions }

/** What is needed of a pool or client of `pg`. A client may be in a transaction, which is then its owner's to end. */
export interface PgQueryable {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly SqlRow[] }>
}

/** Parameters of one statement are counted in 16 bits. */
const maxParameters = 65_535

/**
 * A table of PostgreSQL as a source, over a pool or client of `pg` that you own.
 *
 * `load` and `loadMany` are one statement, `store` and `storeMany` one upsert of all rows (one for each set of columns, if values have
 * different ones; one more for each 65,535 parameters), `remove` one. Names are quoted and values are bound. Values come back as `pg` hands
 * them over: `bigint` and `numeric` as text, `date` and `timestamptz` as Date, unless its type parsers say otherwise.
 *
 * ```ts
 * const source = pgSource<Product>(pool, { table: 'products', key: 'id', columns: ['name', 'price'], sequence: 'write_sequence' })
 * ```
 *
 * @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION}; its members reject with the errors of `pg`, unchanged, and {TIERCEL_INVALID_ROW}
 */
export function pgSource<T = SqlRow, Params = SourceParams>(pool: PgQueryable, options: SqlSourceOptions<T, Params>): SqlSource<T, Params> {
  if (typeof pool?.query !== 'function') {
    throw new UsageError('TIERCEL_INVALID_OPTION', `pgSource: a pool or client of pg has the function query, and ${show(pool)} has not.`)
  }
  const mapping = sqlMapping(options, 'pgSource', sqlOptionNames)
  return sqlSource(mapping, pgTable(pool, mapping))
}

function pgTable<T, Params>(pool: PgQueryable, mapping: SqlMapping<T, Params>): SqlTable {
  const { keyColumns, columns, sequence, removedAt } = mapping
  const table = quotedTable(mapping.table, 'postgres')
  const selected = columns === undefined ? '*' : names([...new Set([...columns, ...keyColumns])])
  const isThere = removedAt === undefined ? '' : ` and ${name(removedAt)} is null`

  return {
    maxKeys: Math.floor(maxParameters / keyColumns.length),
    maxParameters,
    async read(keys) {
      const { text, values } = keyCondition(keyColumns, keys)
      return (await pool.query(`select ${selected} from ${table} where ${text}${isThere}`, values)).rows
    },
    async upsert(rows, changed, isGuarded) {
      const all = Object.keys(rows[0] as SqlRow)
      const values: unknown[] = []
      const tuples = rows.map((row) =>
        tuple(
          all.map((column) => row[column]),
          values,
        ),
      )
      const end = onConflict({
        dialect: 'postgres',
        table: mapping.table,
        key: keyColumns,
        columns: changed,
        sequence: isGuarded ? sequence : undefined,
      })
      await pool.query(`insert into ${table} (${names(all)}) values ${tuples.join(', ')} ${end}`, values)
    },
    async remove(key, limit) {
      const { text, values } = keyCondition(keyColumns, [key])
      const isOlder =
        sequence === undefined || limit === undefined
          ? ''
          : ` and (${name(sequence)} is null or ${name(sequence)} < ${bind(limit, values)})`
      await pool.query(`delete from ${table} where ${text}${isOlder}`, values)
    },
    moment: (now) => now,
  }
}

/**
 * The types of parameters are those of the columns that they are compared with, so that an index on them is used. One column takes all keys as one
 * parameter: an array.
 */
function keyCondition(
  keyColumns: readonly string[],
  keys: readonly Readonly<Record<string, string>>[],
): { readonly text: string; readonly values: unknown[] } {
  const [column = ''] = keyColumns
  if (keyColumns.length === 1 && keys.length > 1) return { text: `${name(column)} = any($1)`, values: [keys.map((key) => key[column])] }
  const values: unknown[] = []
  const tuples = keys.map((key) =>
    tuple(
      keyColumns.map((each) => key[each]),
      values,
    ),
  )
  return { text: `(${names(keyColumns)}) in (${tuples.join(', ')})`, values }
}

function tuple(cells: readonly unknown[], values: unknown[]): string {
  return `(${cells.map((cell) => bind(cell, values)).join(', ')})`
}

function bind(value: unknown, values: unknown[]): string {
  return `$${values.push(value)}`
}

function name(column: string): string {
  return quoted(column, 'postgres')
}

function names(columns: readonly string[]): string {
  return columns.map(name).join(', ')
}
