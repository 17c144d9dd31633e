import type { ClientBase, Pool } from 'pg'
import { load, type OnProgress } from './load.ts'
import { findMarker, markerTable, writeMarker } from './marker.ts'
import { schemaName, tableNames } from './schema.ts'
import type { WorldOptions } from './world.ts'

/**
 * Makes sure that the database holds the airport, in a schema of its own. Returns true when it was there already.
 *
 * Everything happens in one transaction under an advisory lock: a crash leaves nothing, and of two processes the second finds the
 * work done. Data of ours with another seed, scale or version are replaced, also under a lab that uses them; a schema that somebody
 * else made is left alone.
 *
 * @throws Error when there is such a schema.
 */
export async function prepare(pool: Pool, options: WorldOptions, onProgress: OnProgress): Promise<boolean> {
  const client = await pool.connect()
  try {
    if ((await findMarker(client, options)) === 'same') return true
    const isPrepared = await inTransaction(client, () => replace(client, options, onProgress))
    // So that index-only scans need not look at the table. Not possible in a transaction, and not needed for being right.
    if (!isPrepared) await client.query(`VACUUM ${tableNames.join(', ')}`)
    return isPrepared
  } finally {
    client.release()
  }
}

/** Any number will do that nobody else takes a lock by. */
const lockNumber = 7_437_235_001

async function replace(client: ClientBase, options: WorldOptions, onProgress: OnProgress): Promise<boolean> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [lockNumber])
  const found = await findMarker(client, options)
  if (found === 'same') return true
  if (found === 'foreign') throw new Error(foreignMessage)
  if (found === 'other') await client.query(`DROP TABLE IF EXISTS ${[markerTable, ...tableNames].join(', ')}`)
  await createSchema(client)
  await load(client, options, onProgress)
  await writeMarker(client, options)
  return false
}

/** Not IF NOT EXISTS: that asks for the right to create schemas even where somebody has made this one for us, empty. */
async function createSchema(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ exists: boolean }>(`SELECT to_regnamespace('${schemaName}') IS NOT NULL AS exists`)
  if (!rows[0]?.exists) await client.query(`CREATE SCHEMA ${schemaName}`)
}

const foreignMessage =
  `The database already has a schema "${schemaName}" which the lab did not make. Nothing was changed. ` +
  `Give another database in DATABASE_URL, or rename that schema: ALTER SCHEMA ${schemaName} RENAME TO another_name.`

async function inTransaction<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN')
  try {
    const result = await work()
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined)
    throw error
  }
}
