import { rm } from 'node:fs/promises'
import { TestServerError } from '@tiercel/test-servers'
import { type Postgres, prepareDataFolder, startPostgres } from '@tiercel/test-servers/postgres'
import pg from 'pg'
import type { OnProgress } from './load.ts'
import { prepare } from './prepare.ts'
import type { RowCounts } from './queries.ts'
import { schemaName, schemaVersion } from './schema.ts'
import { type WorldOptions, worldOf } from './world.ts'

/** Seed and scale are 1 where they are not given. */
export interface AirportOptions extends Partial<WorldOptions> {
  /** Told how far the work is, where it takes time. */
  readonly onProgress?: OnProgress
}

export interface OpenAirport {
  /** Its connections find the tables without naming the schema. */
  readonly pool: pg.Pool
  readonly kind: Postgres['kind']
  /** What the database is, for people. */
  readonly label: string
  readonly facts: AirportFacts
  /** Ends the pool and an embedded database with it. May be called twice. */
  close(): Promise<void>
}

export interface AirportFacts extends WorldOptions {
  readonly rows: RowCounts
  /** Of the database, such as `18.6`. */
  readonly version: string
  /** How long it took to open, filling included. */
  readonly preparedInMs: number
  /** The data were there from an earlier time. */
  readonly fromCache: boolean
}

/**
 * Opens the airport's database: the one of `DATABASE_URL`, else an embedded one. The first time it is filled, which takes some ten
 * seconds at scale 1; later a prepared one is used. What is written to an embedded one is gone when it is closed.
 *
 * @throws RangeError for a seed or scale out of range, Error when `DATABASE_URL` holds a schema of the same name that is not ours
 */
export async function openAirport(options: AirportOptions = {}): Promise<OpenAirport> {
  const startedAtMs = performance.now()
  const { seed = 1, scale = 1, onProgress = () => undefined } = options
  const { rows } = worldOf({ seed, scale })
  const opened = process.env['DATABASE_URL']
    ? await openExternal({ seed, scale }, onProgress)
    : await openEmbedded({ seed, scale }, onProgress)
  const { server, pool, fromCache } = opened
  const facts = { seed, scale, rows, version: server.version, preparedInMs: performance.now() - startedAtMs, fromCache }
  let closed: Promise<void> | undefined
  const close = () => (closed ??= pool.end().finally(() => server.stop()))
  return { pool, kind: server.kind, label: server.label, facts, close }
}

interface Opened {
  readonly server: Postgres
  readonly pool: pg.Pool
  readonly fromCache: boolean
}

async function openExternal(world: WorldOptions, onProgress: OnProgress): Promise<Opened> {
  return connect(await startPostgres(), world, onProgress)
}

/** A prepared folder that does not start, as after a power cut, is made once more. */
async function openEmbedded(world: WorldOptions, onProgress: OnProgress): Promise<Opened> {
  const first = await preparedFolder(world, onProgress)
  try {
    return { ...(await openCopy(first.folder, world, onProgress)), fromCache: first.fromCache }
  } catch (error) {
    if (!first.fromCache || !(error instanceof TestServerError)) throw error
    await rm(first.folder, { recursive: true, force: true })
    const second = await preparedFolder(world, onProgress)
    return { ...(await openCopy(second.folder, world, onProgress)), fromCache: false }
  }
}

async function preparedFolder(world: WorldOptions, onProgress: OnProgress): Promise<{ folder: string; fromCache: boolean }> {
  let fromCache = true
  const fill = async (connectionString: string): Promise<void> => {
    fromCache = false
    const pool = createPool(connectionString)
    await prepare(pool, world, onProgress).finally(() => pool.end())
  }
  const name = `airport-v${schemaVersion}-seed-${world.seed}-scale-${world.scale}`
  const folder = await prepareDataFolder(name, fill, { onProgress: (message) => onProgress({ step: message, done: 0, total: 1 }) })
  return { folder, fromCache }
}

async function openCopy(folder: string, world: WorldOptions, onProgress: OnProgress): Promise<Opened> {
  return connect(await startPostgres({ template: folder }), world, onProgress)
}

async function connect(server: Postgres, world: WorldOptions, onProgress: OnProgress): Promise<Opened> {
  const pool = createPool(server.connectionString)
  try {
    return { server, pool, fromCache: await prepare(pool, world, onProgress) }
  } catch (error) {
    await pool.end()
    await server.stop()
    throw error
  }
}

function createPool(connectionString: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    // Awaited by the pool, before anybody gets the connection.
    onConnect: async (client) => {
      await client.query(`SET search_path TO ${schemaName}`)
    },
  })
  // An idle connection that broke has been taken out of the pool. The next query makes another, and fails if it cannot.
  pool.on('error', () => undefined)
  return pool
}
