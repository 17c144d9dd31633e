import type { ClientBase } from 'pg'
import { schemaName, schemaVersion } from './schema.ts'
import type { WorldOptions } from './world.ts'

/** One row beside the data that says what they are. Written in the transaction that fills the tables: where it is, they are whole. */
export const markerTable = 'tiercel_lab'

export type Found =
  /** There is no such schema, or an empty one. */
  | 'nothing'
  /** The data that were asked for. */
  | 'same'
  /** Data of ours of another seed, scale or version. */
  | 'other'
  /** A schema of that name which somebody else made. */
  | 'foreign'

export async function findMarker(client: ClientBase, { seed, scale }: WorldOptions): Promise<Found> {
  const { rows } = await client.query<{ marker: string | null; objects: number }>(
    `SELECT to_regclass('${schemaName}.${markerTable}')::text AS marker,
       (SELECT count(*)::integer FROM pg_class WHERE relnamespace = to_regnamespace('${schemaName}')) AS objects`,
  )
  const [found] = rows
  if (!found?.marker) return found?.objects ? 'foreign' : 'nothing'
  const same = await client.query(`SELECT FROM ${schemaName}.${markerTable} WHERE version = $1 AND seed = $2 AND scale = $3`, [
    schemaVersion,
    seed,
    scale,
  ])
  return same.rowCount === 1 ? 'same' : 'other'
}

export async function writeMarker(client: ClientBase, { seed, scale }: WorldOptions): Promise<void> {
  await client.query(
    `CREATE TABLE ${markerTable} (version integer, seed bigint, scale double precision, prepared_at timestamptz DEFAULT now())`,
  )
  await client.query(`INSERT INTO ${markerTable} (version, seed, scale) VALUES ($1, $2, $3)`, [schemaVersion, seed, scale])
}
