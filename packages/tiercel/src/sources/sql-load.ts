import type { SqlMapping, SqlRow } from './sql-mapping.ts'
import { keyRow, keyText, rowValue } from './sql-rows.ts'
import type { SqlTable } from './sql-table.ts'

type KeyRow = Readonly<Record<string, string>>

/**
 * The values of several keys, in their order: one statement, where one is enough.
 *
 * A row is a key's when the columns of its key, as text, are the parameters. What a database finds beyond that (7 for `'07'`, `alice` for `'Alice'`,
 * on MySQL 7 for `'7x'`) would be one row under several keys of the cache, of which a change reaches one.
 */
export async function loadRows<T, Params>(
  mapping: SqlMapping<T, Params>,
  table: SqlTable,
  list: readonly Params[],
  signal: AbortSignal,
): Promise<(T | null | Error)[]> {
  const values: (T | null | Error)[] = []
  for (let at = 0; at < list.length; at += table.maxKeys) {
    const part = list.slice(at, at + table.maxKeys)
    const keys = part.map((params) => keyRow(mapping, params))
    const rows = await readKeys(mapping, table, keys, signal)
    values.push(...rows.map((row, index) => valueOf(mapping, row, part[index] as Params)))
  }
  return values
}

async function readKeys(
  { keyColumns }: { readonly keyColumns: readonly string[] },
  table: SqlTable,
  keys: readonly KeyRow[],
  signal: AbortSignal,
): Promise<readonly (SqlRow | undefined | Error)[]> {
  signal.throwIfAborted()
  const textOf = (row: SqlRow): string | undefined => keyText(keyColumns, row)
  if (keys.length === 1) return [(await table.read(keys)).find((row) => [undefined, textOf(keys[0] as KeyRow)].includes(textOf(row)))]
  try {
    const rows = new Map((await table.read(keys)).map((row) => [textOf(row), row]))
    if (!rows.has(undefined)) return keys.map((key) => rows.get(textOf(key)))
  } catch (error) {
    if (!isAboutData(error)) throw error
  }
  return readOneByOne({ keyColumns }, table, keys, signal)
}

/** Where one key that is no number, say, would be the failure of all; and where only the database can tell whose a row is. */
async function readOneByOne(
  mapping: { readonly keyColumns: readonly string[] },
  table: SqlTable,
  keys: readonly KeyRow[],
  signal: AbortSignal,
): Promise<readonly (SqlRow | undefined | Error)[]> {
  const rows: (SqlRow | undefined | Error)[] = []
  for (const key of keys) {
    try {
      rows.push(...(await readKeys(mapping, table, [key], signal)))
    } catch (error) {
      if (!isAboutData(error)) throw error
      rows.push(error)
    }
  }
  return rows
}

function valueOf<T, Params>(mapping: SqlMapping<T, Params>, row: SqlRow | undefined | Error, params: Params): T | null | Error {
  if (row === undefined) return null
  return row instanceof Error ? row : rowValue(mapping, row, params)
}

/** The class "data exception" of SQLSTATE, which PostgreSQL's errors name: `invalid input syntax for type integer`. */
function isAboutData(error: unknown): error is Error {
  return error instanceof Error && String((error as { readonly code?: unknown }).code).startsWith('22')
}
