import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import { checkColumn, checkTable } from './identifier.ts'
import type { SourceParams } from './source.ts'

/** A row by the names of its columns. */
export type SqlRow = Readonly<Record<string, unknown>>

/** How values are rows of a table. */
export interface SqlSourceOptions<T, Params = SourceParams> {
  /** `table` or `schema.table`. */
  readonly table: string
  /**
   * What tells rows apart, a primary key or unique index: `'id'`, a column with the name of its parameter; `['origin', 'number']`, several of
   * them; `{ product_id: 'id' }`, columns with the names of their parameters.
   */
  readonly key: string | readonly string[] | Readonly<Record<string, string>>
  /**
   * The columns that a value has: they alone are read, and written. Default: all that a row has as it is read, but `sequence` and `removedAt`; and
   * all that a value has as it is written. Where values come from outside, name them: otherwise who makes the value chooses the columns.
   */
  readonly columns?: readonly string[]
  /**
   * The column of the sequence, a 64-bit integer that may be NULL or has 0 as its default. With it a write or removal that comes late, or again,
   * leaves alone what is newer. Default: none; what comes last is what stays.
   */
  readonly sequence?: string
  /**
   * The column in which a removal leaves its moment, a timestamp that may be NULL (text on SQLite): the row stays, with the removal's sequence, and is not loaded any
   * more. So an older write that comes again cannot bring it back. Needs `sequence`. Default: none; a removal deletes its row.
   */
  readonly removedAt?: string
  /** What else a removal inserts where there is no row, for columns that may not be NULL and have no default. Default: nothing. */
  readonly removedRow?: (params: Params) => SqlRow
  /** The row of a value, without key, sequence and removal. Default: the value itself. */
  readonly toRow?: (value: T, params: Params) => SqlRow
  /** The value of a row, which has `columns` and is without sequence and removal. Default: the row itself. */
  readonly fromRow?: (row: SqlRow, params: Params) => T
}

export const sqlOptionNames = ['table', 'key', 'columns', 'sequence', 'removedAt', 'removedRow', 'toRow', 'fromRow'] as const

/** The options, checked. */
export interface SqlMapping<T, Params> extends Pick<SqlSourceOptions<T, Params>, 'removedRow' | 'toRow' | 'fromRow'> {
  readonly table: string
  /** Columns of the key with their parameters, in order. */
  readonly key: readonly (readonly [column: string, param: string])[]
  readonly keyColumns: readonly string[]
  /** `undefined`: all there are. */
  readonly columns: readonly string[] | undefined
  readonly sequence: string | undefined
  readonly removedAt: string | undefined
}

/** @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION} */
export function sqlMapping<T, Params>(options: SqlSourceOptions<T, Params>, call: string, known: readonly string[]): SqlMapping<T, Params> {
  checkOptionNames(options, known, call)
  const { table, columns, sequence, removedAt, removedRow, toRow, fromRow } = options
  const key = keyPairs(options.key, `${call}: key`)
  const keyColumns = key.map(([column]) => checkColumn(column, `${call}: key`))
  for (const [name, hook] of Object.entries({ removedRow, toRow, fromRow })) checkHook(hook, `${call}: ${name}`)
  if (columns !== undefined && (!Array.isArray(columns) || columns.length === 0))
    throw invalid(`${call}: columns`, columns, 'a list of names')
  if (removedAt !== undefined && sequence === undefined) {
    throw new UsageError('TIERCEL_INVALID_OPTION', `${call}: removedAt needs sequence: without one, nobody can tell which write is older.`)
  }
  const own = [sequence, removedAt]
    .filter((column) => column !== undefined)
    .map((column) => checkColumn(column, `${call}: sequence, removedAt`))
  const all = [...keyColumns, ...own]
  if (new Set(all).size < all.length)
    throw new UsageError('TIERCEL_INVALID_OPTION', `${call}: key, sequence and removedAt are columns of their own.`)
  return {
    table: checkTable(table, `${call}: table`),
    key,
    keyColumns,
    columns: columns?.map((column) => checkColumn(column, `${call}: columns`)).filter((column) => !own.includes(column)),
    sequence,
    removedAt,
    ...(removedRow && { removedRow }),
    ...(toRow && { toRow }),
    ...(fromRow && { fromRow }),
  }
}

function keyPairs(key: SqlSourceOptions<unknown>['key'], option: string): readonly (readonly [string, string])[] {
  const pairs = typeof key === 'string' ? [[key, key] as const] : pairsOf(key)
  if (pairs.length > 0 && pairs.every(([, param]) => typeof param === 'string' && param !== '')) return pairs
  throw invalid(option, key, "'id', ['origin', 'number'] or { product_id: 'id' }")
}

function pairsOf(key: unknown): readonly (readonly [string, string])[] {
  if (Array.isArray(key)) return key.map((column: string) => [column, column])
  return typeof key === 'object' && key !== null ? Object.entries(key as Record<string, string>) : []
}

function checkHook(hook: unknown, option: string): void {
  if (hook !== undefined && typeof hook !== 'function') throw invalid(option, hook, 'a function')
}

function invalid(option: string, given: unknown, allowed: string): UsageError {
  return new UsageError('TIERCEL_INVALID_OPTION', `${option}: ${show(given)} is not allowed. Allowed: ${allowed}.`)
}
