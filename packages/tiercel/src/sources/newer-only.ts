import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames, oneOf } from '../kernel/options.ts'
import { checkColumn, checkTable, quoted, quotedTable, type SqlDialect } from './identifier.ts'

export interface NewerOnlyOptions {
  /** `mysql` stands for MariaDB, too. */
  readonly dialect: SqlDialect
  /** As it stands after `insert into`: `products` or `schema.products`. */
  readonly table: string
  /** The columns of the primary key, or of the unique index that tells keys apart. `mysql` decides itself, by every unique index of the table. */
  readonly key: string | readonly string[]
  /** The columns that a write changes, without key and sequence. */
  readonly columns: readonly string[]
  /** The column of the sequence: a 64-bit integer. NULL in it counts as older than all. */
  readonly sequence: string
}

/**
 * The end of an `insert … values …`, which makes it write what is new and what is newer, and leave alone what is not. For statements that are
 * written by hand; the sources of `tiercel/sources/pg` and `tiercel/sources/kysely` do the same.
 *
 * Each row inserts its sequence with it. The comparison and the change are one step on the database, for each row, whoever else writes.
 * A write that comes again, and one that is older than what is there, change nothing and are no error.
 *
 * ```ts
 * const end = newerOnly({ dialect: 'postgres', table: 'products', key: 'id', columns: ['name'], sequence: 'write_sequence' })
 * await pool.query(`insert into products (id, name, write_sequence) values ($1, $2, $3) ${end}`, [7, 'Bolt', sequence])
 * ```
 *
 * @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION}
 */
export function newerOnly(options: NewerOnlyOptions): string {
  checkOptionNames(options, ['dialect', 'table', 'key', 'columns', 'sequence'], 'newerOnly')
  const key = typeof options.key === 'string' ? [options.key] : options.key
  if (!Array.isArray(key) || key.length === 0 || !Array.isArray(options.columns)) {
    throw new UsageError('TIERCEL_INVALID_OPTION', 'newerOnly: key has at least one column, and columns is a list.')
  }
  return onConflict({
    dialect: oneOf(options.dialect, ['postgres', 'mysql', 'sqlite'], 'newerOnly: dialect'),
    table: checkTable(options.table, 'newerOnly: table'),
    key: key.map((column) => checkColumn(column, 'newerOnly: key')),
    columns: options.columns.map((column) => checkColumn(column, 'newerOnly: columns')),
    sequence: checkColumn(options.sequence, 'newerOnly: sequence'),
  })
}

export interface Conflict {
  readonly dialect: SqlDialect
  readonly table: string
  readonly key: readonly string[]
  readonly columns: readonly string[]
  /** `undefined`: whatever is there is written over. */
  readonly sequence: string | undefined
}

/** What an insert does where its row is there already. Names were checked. */
export function onConflict(conflict: Conflict): string {
  return conflict.dialect === 'mysql' ? onDuplicateKey(conflict) : onConflictClause(conflict)
}

function onConflictClause({ dialect, table, key, columns, sequence }: Conflict): string {
  const name = (column: string): string => quoted(column, dialect)
  const target = `on conflict (${key.map(name).join(', ')}) do`
  const changed = sequence === undefined ? columns : [...columns, sequence]
  if (changed.length === 0) return `${target} nothing`
  const update = `${target} update set ${changed.map((column) => `${name(column)} = excluded.${name(column)}`).join(', ')}`
  if (sequence === undefined) return update
  const stored = `${quotedTable(table, dialect)}.${name(sequence)}`
  return `${update} where ${stored} is null or excluded.${name(sequence)} > ${stored}`
}

/**
 * MySQL has no condition for the whole, so each column has it. They are set from left to right and see what was set before: the sequence, which
 * all of them look at, comes last. `values()` and not a row alias, because MariaDB has no other word for it.
 */
function onDuplicateKey({ key, columns, sequence }: Conflict): string {
  const name = (column: string): string => quoted(column, 'mysql')
  const inserted = (column: string): string => `values(${name(column)})`
  const changed = sequence === undefined ? columns : [...columns, sequence]
  // MySQL has no `do nothing`.
  if (changed.length === 0) return `on duplicate key update ${name(key[0] as string)} = ${name(key[0] as string)}`
  if (sequence === undefined)
    return `on duplicate key update ${changed.map((column) => `${name(column)} = ${inserted(column)}`).join(', ')}`
  const isNewer = `${name(sequence)} is null or ${inserted(sequence)} > ${name(sequence)}`
  return `on duplicate key update ${changed.map((column) => `${name(column)} = if(${isNewer}, ${inserted(column)}, ${name(column)})`).join(', ')}`
}
