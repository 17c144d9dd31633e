import { randomBytes } from 'node:crypto'
import { startMariadb } from '@tiercel/test-servers/mariadb'
import { type Postgres, startPostgres } from '@tiercel/test-servers/postgres'
import { Kysely, type KyselyPlugin, MysqlDialect, PostgresDialect, SqliteDialect } from 'kysely'
import mysql from 'mysql2'
import pg from 'pg'
import { kyselySource, type SqlDialect } from '../../src/sources/kysely.ts'
import { pgSource, type SqlRow, type SqlSource, type SqlSourceOptions } from '../../src/sources/pg.ts'
import { openSqlite } from './sqlite-database.ts'

/** A database, and the source that is tested on it. */
export interface SqlEngine {
  readonly dialect: SqlDialect
  /** Sends text as it is, past the source. */
  run(text: string): Promise<readonly SqlRow[]>
  sourceOf<T>(options: SqlSourceOptions<T>, plugins?: readonly KyselyPlugin[]): SqlSource<T>
  /** What the source has sent since the last call. */
  statements(): readonly string[]
  close(): Promise<void>
}

export interface SqlEngineKind {
  readonly name: string
  open(): Promise<SqlEngine>
}

/** Types of columns. */
export const sqlTypes: Readonly<Record<SqlDialect, { readonly text: string; readonly moment: string }>> = {
  postgres: { text: 'text', moment: 'timestamptz' },
  mysql: { text: 'varchar(190) character set utf8mb4 collate utf8mb4_bin', moment: 'datetime(3)' },
  sqlite: { text: 'text', moment: 'text' },
}

export const sqlEngines: readonly SqlEngineKind[] = [
  { name: 'pg on PostgreSQL', open: openPg },
  { name: 'kysely on PostgreSQL', open: openKyselyOnPostgres },
  { name: 'kysely on MariaDB', open: openKyselyOnMariadb },
  { name: 'kysely on SQLite', open: openKyselyOnSqlite },
]

let postgres: Promise<Postgres> | undefined

/** At the end of a file: one database serves all in it, since it takes its time to start. */
export async function stopSharedDatabase(): Promise<void> {
  await (await postgres)?.stop()
}

/** A name that nobody else uses: the database may be somebody's. */
export function tableName(): string {
  return `tiercel_${randomBytes(6).toString('hex')}`
}

async function openPg(): Promise<SqlEngine> {
  const { pool, close } = await openPool()
  const sent: string[] = []
  const watched = {
    query(text: string, values: unknown[]) {
      sent.push(text)
      return pool.query(text, values)
    },
  }
  return {
    dialect: 'postgres',
    run: async (text) => (await pool.query(text)).rows,
    sourceOf: (options) => pgSource(watched, options),
    statements: () => sent.splice(0),
    close,
  }
}

async function openKyselyOnPostgres(): Promise<SqlEngine> {
  const { pool, close } = await openPool()
  return overKysely('postgres', new PostgresDialect({ pool }), async (text) => (await pool.query(text)).rows, close)
}

async function openPool(): Promise<{ pool: pg.Pool; close(): Promise<void> }> {
  const server = await (postgres ??= startPostgres())
  const pool = new pg.Pool({ connectionString: server.connectionString, max: 2 })
  pool.on('error', () => undefined)
  return { pool, close: () => pool.end() }
}

async function openKyselyOnMariadb(): Promise<SqlEngine> {
  const server = await startMariadb()
  const pool = mysql.createPool({ uri: server.url, connectionLimit: 2 })
  const run = async (text: string): Promise<SqlRow[]> => (await pool.promise().query(text))[0] as SqlRow[]
  const close = async (): Promise<void> => {
    await pool.promise().end()
    await server.stop()
  }
  return overKysely('mysql', new MysqlDialect({ pool }), run, close)
}

async function openKyselyOnSqlite(): Promise<SqlEngine> {
  const database = await openSqlite()
  const run = async (text: string): Promise<SqlRow[]> => database.prepare(text).all([]) as SqlRow[]
  return overKysely('sqlite', new SqliteDialect({ database }), run, async () => database.close())
}

function overKysely(
  dialect: SqlDialect,
  own: PostgresDialect | MysqlDialect | SqliteDialect,
  run: SqlEngine['run'],
  close: () => Promise<void>,
): SqlEngine {
  const sent: string[] = []
  const db = new Kysely<never>({ dialect: own, log: ({ query }) => void sent.push(query.sql) })
  return {
    dialect,
    run,
    sourceOf: (options, plugins = []) =>
      kyselySource(
        plugins.reduce((with_, plugin) => with_.withPlugin(plugin), db),
        { dialect, ...options },
      ),
    statements: () => sent.splice(0),
    close,
  }
}
