import type { ClientBase } from 'pg'
import { rowCount, rowOf } from './rows.ts'
import { columnsOf, type Row, type TableName, tableNames, tables } from './schema.ts'
import type { WorldOptions } from './world.ts'

/** How far the work is: of the rows or the indexes of one table, or of something else that takes time. */
export interface Progress {
  /** `rows`, `indexes`, `statistics`, or in words what else is going on. */
  readonly step: string
  readonly table?: TableName
  readonly done: number
  readonly total: number
}

export type OnProgress = (progress: Progress) => void

/**
 * Creates the tables in the current schema and fills them: bare tables first, rows in large batches, then keys and indexes, then
 * statistics. Run in a transaction, it leaves all or nothing.
 */
export async function load(client: ClientBase, options: WorldOptions, onProgress: OnProgress): Promise<void> {
  for (const table of tableNames) await client.query(createStatement(table))
  for (const table of tableNames) await loadRows(client, table, options, onProgress)
  for (const table of tableNames) await addIndexes(client, table, onProgress)
  onProgress({ step: 'statistics', done: 0, total: 1 })
  await client.query(`ANALYZE ${tableNames.join(', ')}`)
  onProgress({ step: 'statistics', done: 1, total: 1 })
}

function createStatement(table: TableName): string {
  return `CREATE TABLE ${table} (${columnsOf(table)
    .map(([name, type]) => `"${name}" ${type}`)
    .join(', ')})`
}

/**
 * One array per column, unnested: measured twice as fast as a long VALUES list, on a socket where COPY cannot be used (PGlite wants
 * all of its input in one message). The next batch is made while the database works on this one.
 */
async function loadRows(client: ClientBase, table: TableName, options: WorldOptions, onProgress: OnProgress): Promise<void> {
  const total = rowCount(table, options)
  const types = columnsOf(table).map(([, type], index) => `$${index + 1}::${type}[]`)
  const insert = `INSERT INTO ${table} SELECT * FROM unnest(${types.join(', ')})`
  let inserted: Promise<unknown> = Promise.resolve()
  for (let first = 1; first <= total; first += batchRows) {
    const last = Math.min(first + batchRows - 1, total)
    const columns = columnArrays(table, first, last, options)
    await inserted
    onProgress({ step: 'rows', table, done: first - 1, total })
    inserted = client.query(insert, columns)
  }
  await inserted
  onProgress({ step: 'rows', table, done: total, total })
}

const batchRows = 10_000

function columnArrays(table: TableName, first: number, last: number, options: WorldOptions): unknown[][] {
  const names = columnsOf(table).map(([name]) => name as keyof Row)
  const columns: unknown[][] = names.map(() => [])
  for (let n = first; n <= last; n++) {
    const row: Row = rowOf(table, n, options)
    names.forEach((name, index) => columns[index]?.push(row[name]))
  }
  return columns
}

async function addIndexes(client: ClientBase, table: TableName, onProgress: OnProgress): Promise<void> {
  const { constraints, indexes } = tables[table]
  const statements = [
    ...constraints.map((constraint) => `ALTER TABLE ${table} ADD ${constraint}`),
    ...indexes.map((index) => `CREATE INDEX ON ${table} ${index}`),
  ]
  for (const [done, statement] of statements.entries()) {
    onProgress({ step: 'indexes', table, done, total: statements.length })
    await client.query(statement)
  }
  onProgress({ step: 'indexes', table, done: statements.length, total: statements.length })
}
