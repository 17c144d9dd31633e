import pg from 'pg'
import { buildOnce } from './cache-folder.ts'
import { openEmbedded } from './embedded-postgres.ts'
import { copyDataFolder, emptyDataFolder, type PrepareOptions, pgliteVersion, temporaryCopy } from './prepared-data.ts'
import { reasonOf, TestServerError } from './test-server-error.ts'

export { type PrepareOptions, prepareDataFolder } from './prepared-data.ts'

export type Postgres = {
  /** For `pg` or any other client. */
  readonly connectionString: string
  readonly kind: 'embedded' | 'external'
  /** What it is, for people: an embedded one is named a single-connection database. */
  readonly label: string
  /** Such as `18.6`, as the database says it. */
  readonly version: string
  /** Ends an embedded database; does nothing to an external one. Close your connections first. */
  stop(): Promise<void>
}

export type PostgresOptions = PrepareOptions & {
  /** A folder that keeps the data between runs, created when missing. Default: a temporary one, removed at the end. */
  dataDir?: string
  /** A prepared folder to begin with where there is no data yet. Default: an empty database. */
  template?: string
}

/**
 * Returns the database of `DATABASE_URL`, or starts PGlite: a whole PostgreSQL, but with one back end for all connections.
 * Queries run one after another, one client's open transaction makes the others wait, `SET` is seen by all, and a named
 * prepared statement of one client collides with the same name of another. Opening an existing folder takes about 0.3 s.
 *
 * @throws TestServerError TIERCEL_TEST_SERVER_NOT_READY, TIERCEL_TEST_SERVER_IN_USE when another process has `dataDir` open
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const url = process.env['DATABASE_URL']
  return url ? external(url) : embedded(options)
}

async function external(url: string): Promise<Postgres> {
  const version = await serverVersion(url).catch((cause: unknown) => {
    throw new TestServerError('TIERCEL_TEST_SERVER_NOT_READY', `DATABASE_URL names a database that cannot be used: ${reasonOf(cause)}`, {
      cause,
    })
  })
  return { connectionString: url, kind: 'external', label: `PostgreSQL ${version}`, version, stop: async () => undefined }
}

async function embedded(options: PostgresOptions): Promise<Postgres> {
  const { dataDir, remove } = await dataFolder(options)
  try {
    const database = await openEmbedded(dataDir)
    const version = await serverVersion(database.connectionString)
    return {
      connectionString: database.connectionString,
      kind: 'embedded',
      label: `PostgreSQL ${version} embedded (PGlite ${pgliteVersion}), single-connection database`,
      version,
      stop: async () => {
        await database.stop()
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}

async function dataFolder(options: PostgresOptions): Promise<{ dataDir: string; remove(): Promise<void> }> {
  const { dataDir } = options
  const template = async (): Promise<string> => options.template ?? emptyDataFolder(options)
  if (dataDir === undefined) return temporaryCopy(await template())
  await buildOnce(dataDir, async (folder) => copyDataFolder(await template(), folder))
  return { dataDir, remove: async () => undefined }
}

async function serverVersion(connectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    return rows[0]?.server_version.split(' ')[0] ?? 'unknown'
  } finally {
    await client.end()
  }
}
