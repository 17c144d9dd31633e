import { UsageError } from '../kernel/errors.ts'
import type { KeyParam } from '../kernel/key-template.ts'
import { show } from '../kernel/show.ts'
import { isName } from './identifier.ts'
import type { SqlMapping, SqlRow } from './sql-mapping.ts'

/** The columns of a key as they are asked for: text, so that a parameter means the same, whether it came as 7 or as '7'. */
export function keyRow<Params>({ key }: Pick<SqlMapping<never, Params>, 'key'>, params: Params): Readonly<Record<string, string>> {
  return Object.fromEntries(
    key.map(([column, param]) => {
      const given = (params as Readonly<Record<string, unknown>>)[param]
      if (isPlain(given)) return [column, `${given}`]
      throw new UsageError(
        'TIERCEL_INVALID_KEY',
        `There is no parameter ${show(param)} for the column ${show(column)}: it is ${show(given)}.`,
      )
    }),
  )
}

/**
 * What a value writes: its own columns, then its key's. Sequence and removal are not its business.
 *
 * @throws {TIERCEL_INVALID_ROW}
 */
export function valueRow<T, Params>(mapping: SqlMapping<T, Params>, params: Params, value: T): Readonly<Record<string, unknown>> {
  const row: unknown = mapping.toRow === undefined ? value : mapping.toRow(value, params)
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw invalidRow(
      mapping,
      `${mapping.toRow === undefined ? 'a value' : 'what toRow returned'} is ${show(row)}, not an object of columns.`,
    )
  }
  const key = keyRow(mapping, params)
  const columns = Object.entries(row).filter(([column, held]) => held !== undefined && isOwn(mapping, column))
  for (const [column, held] of columns) checkCell(mapping, column, held, key[column])
  return { ...Object.fromEntries(columns), ...key }
}

/** What a removal writes, where it leaves something behind. */
export function removalRow<T, Params>(mapping: SqlMapping<T, Params>, params: Params): Readonly<Record<string, unknown>> {
  const row = Object.entries(mapping.removedRow?.(params) ?? {}).filter(([column]) => isWritable(mapping, column))
  return { ...Object.fromEntries(row), ...keyRow(mapping, params) }
}

/** The value of a row that was read. */
export function rowValue<T, Params>(mapping: SqlMapping<T, Params>, row: SqlRow, params: Params): T {
  const columns = Object.entries(row).filter(([column]) => isOwn(mapping, column))
  const own = Object.fromEntries(columns)
  return mapping.fromRow === undefined ? (own as T) : mapping.fromRow(own, params)
}

/**
 * A key as text, and a row's key as the same text. `undefined`: only the database can tell whose the row is, because a column of its key is no
 * text or number here, but a Date, say.
 */
export function keyText(keyColumns: readonly string[], row: SqlRow): string | undefined {
  const cells = keyColumns.map((column) => row[column])
  return cells.every(isPlain) ? JSON.stringify(cells.map(String)) : undefined
}

function isOwn<T, Params>(mapping: SqlMapping<T, Params>, column: string): boolean {
  return isWritable(mapping, column) && (mapping.columns === undefined || mapping.columns.includes(column))
}

function isWritable<T, Params>({ sequence, removedAt }: SqlMapping<T, Params>, column: string): boolean {
  return column !== sequence && column !== removedAt
}

function checkCell<T, Params>(mapping: SqlMapping<T, Params>, column: string, held: unknown, asked: string | undefined): void {
  if (!isName(column)) throw invalidRow(mapping, `${show(column)} is not the name of a column.`)
  if (asked === undefined || !isPlain(held) || `${held}` === asked) return
  throw invalidRow(mapping, `its ${show(column)} is not the one of the key that it is stored under.`)
}

function isPlain(held: unknown): held is KeyParam {
  return typeof held === 'string' || typeof held === 'number' || typeof held === 'bigint'
}

function invalidRow<T, Params>({ table }: SqlMapping<T, Params>, problem: string): UsageError {
  return new UsageError('TIERCEL_INVALID_ROW', `A value cannot be a row of ${show(table)}: ${problem}`)
}
