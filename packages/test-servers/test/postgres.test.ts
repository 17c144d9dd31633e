import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Postgres, type PostgresOptions, prepareDataFolder, startPostgres } from '../src/postgres.ts'
import { copyDataFolder, emptyDataFolder } from '../src/prepared-data.ts'
import { keep, stopKept } from './stop-after-test.ts'

let folder: string

function start(options: PostgresOptions = {}): Promise<Postgres> {
  return keep(startPostgres(options))
}

async function query(database: Pick<Postgres, 'connectionString'>, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: database.connectionString })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

let empty: string

beforeAll(async () => {
  empty = await emptyDataFolder()
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiercel-postgres-test-'))
  vi.stubEnv('DATABASE_URL', '')
})
afterEach(async () => {
  await stopKept()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

describe('the embedded database', () => {
  test('says what it is', async () => {
    const database = await start()
    expect(database).toMatchObject({ kind: 'embedded', version: expect.stringMatching(/^18\./) })
    expect(database.label).toContain('single-connection database')
  })

  test('serves a pool of four, each query its own answer, errors among them', async () => {
    const { connectionString } = await start()
    const pool = new pg.Pool({ connectionString, max: 4 })
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const sql = index % 5 === 0 ? 'select $1::int / 0 as value' : 'select $1::int as value'
        return pool.query<{ value: number }>(sql, [index]).then(
          ({ rows }) => rows[0]?.value,
          (error: Error) => error.message,
        )
      }),
    )
    await pool.end()
    expect(answers).toEqual(Array.from({ length: 200 }, (_, index) => (index % 5 === 0 ? 'division by zero' : index)))
  })

  test('a transaction is alone, and is rolled back when its client goes away', async () => {
    const { connectionString } = await start()
    const [owner, other] = [new pg.Client({ connectionString }), new pg.Client({ connectionString })]
    owner.on('error', () => undefined)
    await Promise.all([owner.connect(), other.connect()])
    await owner.query('create table t (value int)')
    await owner.query('begin')
    await owner.query('insert into t values (1)')
    const counted = other.query<{ count: string }>('select count(*) from t')
    await owner.end()
    expect((await counted).rows).toEqual([{ count: '0' }])
    await other.end()
  })

  test('keeps nothing without a folder', async () => {
    vi.stubEnv('TMPDIR', folder)
    const database = await start()
    expect(readdirSync(folder)).toHaveLength(1)
    await database.stop()
    expect(readdirSync(folder)).toEqual([])
  })

  test('keeps its data in a folder, which one process at a time may open', async () => {
    const dataDir = join(folder, 'data')
    const first = await start({ dataDir })
    await query(first, 'create table t as select 42 as answer')
    await expect(startPostgres({ dataDir })).rejects.toMatchObject({ code: 'TIERCEL_TEST_SERVER_IN_USE' })
    await first.stop()
    expect(await query(await start({ dataDir }), 'select * from t')).toEqual([{ answer: 42 }])
  })

  test('has all that was committed after its process was killed', async () => {
    const dataDir = join(folder, 'data')
    const child = await startWriter(dataDir)
    const committed = await lastCommitted(child, 200)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const [row] = await query(await start({ dataDir }), 'select count(*)::int, max(value) from t')
    const { count, max } = row as { count: number; max: number }
    expect(count).toBe(max + 1)
    expect(max).toBeGreaterThanOrEqual(committed)
  })
})

test('a prepared folder is filled once and only copied from', async () => {
  await useOwnCache()
  const fill = vi.fn((connectionString: string) => query({ connectionString }, 'create table t as select 1 as value').then(() => undefined))
  const template = await prepareDataFolder('sample', fill)
  expect(await prepareDataFolder('sample', fill)).toBe(template)
  expect(fill).toHaveBeenCalledOnce()
  const changed = await start({ template })
  await query(changed, 'drop table t')
  expect(await query(await start({ template }), 'select * from t')).toEqual([{ value: 1 }])
})

test('a folder whose filling failed is not kept', async () => {
  await useOwnCache()
  await expect(prepareDataFolder('bad', () => Promise.reject(new Error('no rows')))).rejects.toThrow('no rows')
  expect(readdirSync(join(folder, 'postgres'))).toEqual([expect.stringMatching(/^empty-/)])
})

test('DATABASE_URL comes first and is not stopped', async () => {
  const running = await start()
  vi.stubEnv('DATABASE_URL', running.connectionString)
  const external = await startPostgres({ dataDir: join(folder, 'unused') })
  expect(external).toMatchObject({ kind: 'external', connectionString: running.connectionString, label: `PostgreSQL ${running.version}` })
  await external.stop()
  expect(await query(running, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(existsSync(join(folder, 'unused'))).toBe(false)
})

test('a DATABASE_URL where nobody answers is an error that says so', async () => {
  vi.stubEnv('DATABASE_URL', 'postgres://me:secret@127.0.0.1:1/none')
  await expect(startPostgres()).rejects.toMatchObject({
    code: 'TIERCEL_TEST_SERVER_NOT_READY',
    message: expect.stringMatching(/^DATABASE_URL(?!.*secret)/),
  })
})

/** With the empty database in it, which takes seconds to make. */
async function useOwnCache(): Promise<void> {
  vi.stubEnv('TIERCEL_CACHE_DIR', folder)
  await copyDataFolder(empty, join(folder, 'postgres', basename(empty)))
}

async function startWriter(dataDir: string): Promise<ChildProcess> {
  const script = new URL('./postgres-writer.ts', import.meta.url)
  return spawn(process.execPath, ['--import', 'tsx', script.pathname, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** The writer tells the number of each row once it is committed. */
async function lastCommitted(child: ChildProcess, atLeast: number): Promise<number> {
  let last = -1
  for await (const chunk of child.stdout as NodeJS.ReadableStream) {
    last = Number(String(chunk).trim().split('\n').at(-1))
    if (last >= atLeast) return last
  }
  throw new Error(`the writer ended after row ${last}`)
}
