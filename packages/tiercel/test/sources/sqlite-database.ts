import type { SqliteDatabase } from 'kysely'
import initSqlJs, { type BindParams, type Database } from 'sql.js'

/**
 * SQLite itself, compiled to WebAssembly, behind the few members that kysely needs of `better-sqlite3`: that one would be compiled at installation, wherever no
 * prebuilt program can be fetched, and takes minutes and a compiler for it.
 */
export async function openSqlite(): Promise<SqliteDatabase & Pick<Database, 'exec'>> {
  const { Database } = await initSqlJs()
  const db = new Database()
  return {
    exec: (sql) => db.exec(sql),
    close: () => db.close(),
    prepare(sql) {
      const statement = db.prepare(sql)
      const rows = function* (parameters: readonly unknown[]): Generator<unknown> {
        try {
          statement.bind(parameters as BindParams)
          while (statement.step()) yield statement.getAsObject()
        } finally {
          statement.free()
        }
      }
      return {
        reader: /^\s*(select|with|pragma)/i.test(sql),
        all: (parameters) => [...rows(parameters)],
        iterate: (parameters) => rows(parameters) as IterableIterator<unknown>,
        run(parameters) {
          for (const _ of rows(parameters)) void _
          return { changes: db.getRowsModified(), lastInsertRowid: 0 }
        },
      }
    },
  }
}
