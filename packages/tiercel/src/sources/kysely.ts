import { UsageError } from '../kernel/errors.ts'
import { oneOf } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import type { SqlDialect } from './identifier.ts'
import type { Build, Expression, Filtered, Insert, KyselyLike, KyselyTables } from './kysely-shape.ts'
import type { SourceParams } from './source.ts'
import { type SqlMapping, type SqlRow, type SqlSourceOptions, sqlMapping, sqlOptionNames } from './sql-mapping.ts'
import { type SqlSource, sqlSource } from './sql-source.ts'
import type { SqlTable } from './sql-table.ts'

export type { KyselyLike, SourceParams, SqlDialect, SqlRow, SqlSource, SqlSourceOptions }

export interface KyselySourceOptions<T, Params = SourceParams> extends SqlSourceOptions<T, Params> {
  /** What the database speaks, which kysely does not tell. `mysql` stands for MariaDB, too. */
  readonly dialect: SqlDialect
}

/** SQLite takes fewer in one statement; 32,766 since 3.32 of 2020. */
const maxParameters = { postgres: 65_535, mysql: 65_535, sqlite: 32_766 } as const
/** SQLite nests conditions up to 1,000 deep. */
const maxComposedKeys = 500

/**
 * A table as a source, over a `Kysely` of PostgreSQL, MySQL, MariaDB or SQLite that you own, or a transaction of one.
 *
 * `load` and `loadMany` are one statement (one for each 500 keys of several columns), `store` and `storeMany` one upsert of all rows (one for each set of
 * columns, if values have different ones; one more for each 65,535 parameters, on SQLite 32,766), `remove` one. Table and columns are named as in your
 * schema of kysely: its plugins, such as `CamelCasePlugin`, see them. Values come back as the driver hands them over.
 *
 * ```ts
 * const source = kyselySource<Product>(db, { dialect: 'mysql', table: 'products', key: 'id', sequence: 'write_sequence' })
 * ```
 *
 * @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION}; its members reject with the errors of kysely's driver, unchanged, and {TIERCEL_INVALID_ROW}
 */
export function kyselySource<T = SqlRow, Params = SourceParams>(
  db: KyselyLike,
  options: KyselySourceOptions<T, Params>,
): SqlSource<T, Params> {
  if (typeof db?.insertInto !== 'function') {
    throw new UsageError('TIERCEL_INVALID_OPTION', `kyselySource: a Kysely has the function insertInto, and ${show(db)} has not.`)
  }
  const mapping = sqlMapping(options, 'kyselySource', ['dialect', ...sqlOptionNames])
  const dialect = oneOf(options.dialect, ['postgres', 'mysql', 'sqlite'], 'kyselySource: dialect')
  return sqlSource(mapping, kyselyTable(db as unknown as KyselyTables, mapping, dialect))
}

function kyselyTable<T, Params>(db: KyselyTables, mapping: SqlMapping<T, Params>, dialect: SqlDialect): SqlTable {
  const { table, keyColumns, columns, sequence, removedAt } = mapping
  const [column = ''] = keyColumns

  function keyed<Query extends Filtered>(query: Query, keys: readonly SqlRow[]): Query {
    if (keyColumns.length === 1)
      return query.where(
        column,
        'in',
        keys.map((key) => key[column]),
      ) as Query
    return query.where((build) =>
      build.or(keys.map((key) => build.and(keyColumns.map((each) => build(build.ref(each), '=', key[each]))))),
    ) as Query
  }

  return {
    maxKeys: keyColumns.length === 1 ? maxParameters[dialect] : maxComposedKeys,
    maxParameters: maxParameters[dialect],
    async read(keys) {
      const from = db.selectFrom(table)
      const query = keyed(columns === undefined ? from.selectAll() : from.select([...new Set([...columns, ...keyColumns])]), keys)
      return (await (removedAt === undefined ? query : query.where(removedAt, 'is', null)).execute()) as readonly SqlRow[]
    },
    ...(dialect === 'mysql' && { checkRow: (row: SqlRow) => checkCells(row, table) }),
    async upsert(rows, changed, isGuarded) {
      const insert = db.insertInto(table).values(rows)
      const guard = isGuarded ? sequence : undefined
      await (dialect === 'mysql'
        ? onDuplicateKey(insert, keyColumns, changed, guard)
        : onConflict(insert, table, keyColumns, changed, guard)
      ).execute()
    },
    async remove(key, limit) {
      const query = keyed(db.deleteFrom(table), [key])
      const isOlder = (build: Build): Expression =>
        build.or([build(build.ref(sequence ?? ''), 'is', null), build(build.ref(sequence ?? ''), '<', limit)])
      await (sequence === undefined || limit === undefined ? query : query.where(isOlder)).execute()
    },
    moment: (now) => (dialect === 'sqlite' ? now.toISOString() : now),
  }
}

/** As `newer-only.ts` writes it. */
function onConflict(
  insert: Insert,
  table: string,
  key: readonly string[],
  columns: readonly string[],
  sequence: string | undefined,
): Insert {
  const changed = sequence === undefined ? columns : [...columns, sequence]
  return insert.onConflict((conflict) => {
    const target = conflict.columns(key)
    if (changed.length === 0) return target.doNothing()
    const update = target.doUpdateSet((build) => Object.fromEntries(changed.map((column) => [column, build.ref(`excluded.${column}`)])))
    if (sequence === undefined) return update
    return update.where((build) => isNewer(build, build.ref(`${table}.${sequence}`), build.ref(`excluded.${sequence}`)))
  })
}

/** As `newer-only.ts` writes it, the sequence last. */
function onDuplicateKey(insert: Insert, key: readonly string[], columns: readonly string[], sequence: string | undefined): Insert {
  const changed = sequence === undefined ? columns : [...columns, sequence]
  return insert.onDuplicateKeyUpdate((build) => {
    const inserted = (column: string): Expression => build.fn('values', [build.ref(column)])
    const written = (column: string): Expression => {
      if (sequence === undefined) return inserted(column)
      return build.fn('if', [isNewer(build, build.ref(sequence), inserted(sequence)), inserted(column), build.ref(column)])
    }
    if (changed.length === 0) return { [key[0] as string]: build.ref(key[0] as string) }
    return Object.fromEntries(changed.map((column) => [column, written(column)]))
  })
}

function isNewer(build: Build, stored: Expression, given: Expression): Expression {
  return build.or([build(stored, 'is', null), build(given, '>', stored)])
}

/** The driver of MySQL writes values into the text, and an object as `name = value`: part of the statement would be what the value says. */
function checkCells(row: SqlRow, table: string): void {
  for (const [column, cell] of Object.entries(row)) {
    if (typeof cell !== 'object' || cell === null || cell instanceof Date || cell instanceof Uint8Array) continue
    const advice = 'Make it text in toRow, for example with JSON.stringify.'
    throw new UsageError(
      'TIERCEL_INVALID_ROW',
      `A value cannot be a row of ${show(table)}: its ${show(column)} is ${show(cell)}. ${advice}`,
    )
  }
}
