import { UsageError } from '../kernel/errors.ts'
import { show } from '../kernel/show.ts'

export type SqlDialect = 'postgres' | 'mysql' | 'sqlite'

/**
 * A name of a table or column in quotes, so that nothing in it is anything but the name.
 *
 * MySQL's is right with and without `ANSI_QUOTES` and `NO_BACKSLASH_ESCAPES`: between backticks, only a backtick means something.
 */
export function quoted(name: string, dialect: SqlDialect): string {
  const mark = dialect === 'mysql' ? '`' : '"'
  return `${mark}${name.replaceAll(mark, mark + mark)}${mark}`
}

/** `schema.table` in quotes, each part alone. */
export function quotedTable(table: string, dialect: SqlDialect): string {
  return table
    .split('.')
    .map((part) => quoted(part, dialect))
    .join('.')
}

/** @throws {TIERCEL_INVALID_OPTION} not a name, or one that a part of SQL builders would take apart */
export function checkColumn(name: string, option: string): string {
  if (isName(name)) return name
  throw new UsageError('TIERCEL_INVALID_OPTION', `${option}: ${show(name)} is not the name of a column. ${rule}`)
}

/** @throws {TIERCEL_INVALID_OPTION} neither `table` nor `schema.table` */
export function checkTable(name: string, option: string): string {
  const parts = typeof name === 'string' ? name.split('.') : []
  if (parts.length > 0 && parts.length <= 2 && parts.every(isName)) return name
  throw new UsageError('TIERCEL_INVALID_OPTION', `${option}: ${show(name)} is neither 'table' nor 'schema.table'. ${rule}`)
}

/** What `checkColumn` allows. Dots, ` as ` and outer blanks are taken apart by SQL builders; a NUL ends names early. */
export function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && name.trim() === name && !/[.\0]| as /i.test(name)
}

const rule = 'Allowed: text without dots, without " as ", without blanks around it.'
