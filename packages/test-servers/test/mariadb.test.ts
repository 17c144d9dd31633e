import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startMariadb } from '../src/mariadb.ts'
import { keep, stopKept } from './stop-after-test.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiercel-mariadb-test-'))
  vi.stubEnv('MYSQL_URL', '')
})
afterEach(async () => {
  await stopKept()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

async function query(url: string, sql: string): Promise<unknown> {
  const connection = await mysql.createConnection(url)
  try {
    return (await connection.query(sql))[0]
  } finally {
    await connection.end()
  }
}

test('serves MySQL in its own folder, and leaves nothing', async () => {
  vi.stubEnv('TMPDIR', folder)
  const server = await keep(startMariadb())
  expect(server).toMatchObject({ kind: 'own', version: expect.stringMatching(/^\d+\.\d+\.\d+/) })
  await query(server.url, 'create table t (id int primary key) engine=innodb')
  await query(server.url, 'insert into t values (7)')
  expect(await query(server.url, 'select * from t')).toEqual([{ id: 7 }])
  await expect(query(server.url, 'nonsense')).rejects.toThrow('You have an error in your SQL syntax')
  expect(readdirSync(folder)).toHaveLength(1)
  await server.stop()
  expect(readdirSync(folder)).toEqual([])
  await expect(query(server.url, 'select 1')).rejects.toThrow()
})

test('MYSQL_URL comes first and is not stopped', async () => {
  const running = await keep(startMariadb())
  vi.stubEnv('MYSQL_URL', running.url)
  const external = await startMariadb()
  expect(external).toMatchObject({ kind: 'external', url: running.url, version: expect.stringContaining(running.version) })
  await external.stop()
  expect(await query(running.url, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('a MYSQL_URL where nobody answers, and a binary that is none, are errors that say so', async () => {
  vi.stubEnv('MYSQL_URL', 'mysql://me:secret@127.0.0.1:1/none')
  await expect(startMariadb()).rejects.toMatchObject({
    code: 'TIERCEL_TEST_SERVER_NOT_READY',
    message: expect.stringMatching(/^MYSQL_URL(?!.*secret)/),
  })
  vi.stubEnv('MYSQL_URL', '')
  vi.stubEnv('TIERCEL_SERVER_MARIADB', process.execPath)
  expect(existsSync(process.execPath)).toBe(true)
  await expect(startMariadb()).rejects.toMatchObject({ code: 'TIERCEL_TEST_SERVER_CONFIG' })
})
