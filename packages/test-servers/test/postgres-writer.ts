// Started by postgres.test.ts: commits one row after another and tells each number, until it is killed.
import pg from 'pg'
import { startPostgres } from '../src/postgres.ts'

const { connectionString } = await startPostgres({ dataDir: String(process.argv[2]) })
const client = new pg.Client({ connectionString })
await client.connect()
await client.query('create table t (value int)')
for (let value = 0; ; value++) {
  await client.query('insert into t values ($1)', [value])
  process.stdout.write(`${value}\n`)
}
