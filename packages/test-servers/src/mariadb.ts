import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import type { InstalledServer } from './fetch-server.ts'
import { findMariadb } from './find-mariadb.ts'
import type { FindServerOptions } from './find-server.ts'
import { freePort } from './free-port.ts'
import { lastLines } from './run-command.ts'
import { reasonOf, TestServerError } from './test-server-error.ts'
import { waitUntil } from './wait-until.ts'
import { guard } from './watchdog.ts'

export type Mariadb = {
  /** For `mysql2` or any other client. An own server has one database, `test`, and lets everybody in as root. */
  readonly url: string
  readonly kind: 'own' | 'external'
  /** Such as `10.11.18`, as the server says it. */
  readonly version: string
  /** Ends an own server and removes its data; does nothing to an external one. Close your connections first. */
  stop(): Promise<void>
}

const readyTimeoutMs = 30_000
const stopTimeoutMs = 5000

/**
 * Returns the server of `MYSQL_URL`, a MySQL or MariaDB, or starts a MariaDB on a free port of 127.0.0.1, which takes a second. Its data are in a
 * temporary folder and are not synced to the disk.
 *
 * @throws TestServerError TIERCEL_TEST_SERVER_UNAVAILABLE, TIERCEL_TEST_SERVER_NOT_READY with the end of the server's log
 */
export async function startMariadb(options: FindServerOptions = {}): Promise<Mariadb> {
  const url = process.env['MYSQL_URL']
  if (!url) return startOnAPort(await findMariadb(options))
  const [version = 'unknown'] = await tell(url, 'select version()').catch((cause: unknown) => {
    throw new TestServerError('TIERCEL_TEST_SERVER_NOT_READY', `MYSQL_URL names a server that cannot be used: ${reasonOf(cause)}`, {
      cause,
    })
  })
  return { url, kind: 'external', version, stop: async () => undefined }
}

async function startOnAPort(found: InstalledServer): Promise<Mariadb> {
  for (let attempt = 1; ; attempt++) {
    const server = spawnServer(found, await freePort())
    try {
      await ready(server)
      return { url: `${server.url}/test`, kind: 'own', version: found.version, stop: server.stop }
    } catch (cause) {
      await server.stop()
      if (server.log().includes('Address already in use') && attempt < 5) continue
      const log = lastLines(server.log(), 15)
      throw new TestServerError('TIERCEL_TEST_SERVER_NOT_READY', `MariaDB did not start: ${reasonOf(cause)}\n${log}`, { cause })
    }
  }
}

type Spawned = { readonly url: string; readonly pidFile: string; readonly child: ChildProcess; log(): string; stop(): Promise<void> }

function spawnServer({ program }: InstalledServer, port: number): Spawned {
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-mariadb-'))
  const unguardFolder = guard('folder', folder)
  mkdirSync(join(folder, 'data'))
  const pidFile = join(folder, 'server.pid')
  const output = openSync(join(folder, 'server.log'), 'a')
  const args = [...program.args, ...settings(folder, pidFile, port)]
  const child = spawn(program.command, args, { stdio: ['ignore', output, output], cwd: folder })
  closeSync(output)
  if (child.pid !== undefined) child.once('exit', guard('pid', child.pid))
  child.on('error', () => undefined)
  child.unref()
  const readLog = (): string => readFileSync(join(folder, 'server.log'), 'utf8')
  let lastLog: string | undefined
  let removal: Promise<void> | undefined
  const remove = async (): Promise<void> => {
    await end(child)
    lastLog = readLog()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    unguardFolder()
  }
  return { url: `mysql://root@127.0.0.1:${port}`, pidFile, child, log: () => lastLog ?? readLog(), stop: () => (removal ??= remove()) }
}

/** Without its own tables of users and time zones, which take longer to make than everything else: whoever can reach the port comes in. */
function settings(folder: string, pidFile: string, port: number): string[] {
  return [
    ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    '--skip-grant-tables',
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    `--socket=${join(folder, 's')}`,
    `--pid-file=${pidFile}`,
    `--datadir=${join(folder, 'data')}`,
    `--tmpdir=${folder}`,
    '--innodb-buffer-pool-size=16M',
    '--innodb-log-file-size=4M',
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-fast-shutdown=2',
    '--innodb-use-native-aio=0',
  ]
}

/** Asked which process it is, because another server may have been quicker to take the port. */
async function ready({ url, child, pidFile }: Spawned): Promise<void> {
  await waitUntil('MariaDB', readyTimeoutMs, async () => {
    if (!isRunning(child)) return true
    const [answering] = await tell(url, 'select @@pid_file')
    if (answering !== pidFile) return false
    await tell(url, 'create database if not exists test')
    return true
  })
  if (!isRunning(child)) throw new Error(`the process ended with ${child.exitCode ?? child.signalCode}`)
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null
}

async function end(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
  await gone
  clearTimeout(impatience)
}

/** The values of the first row. */
async function tell(url: string, sql: string): Promise<string[]> {
  const connection = await mysql.createConnection({ uri: url, connectTimeout: 5000 })
  try {
    const [rows] = await connection.query({ sql, rowsAsArray: true })
    return Array.isArray(rows) && Array.isArray(rows[0]) ? rows[0].map(String) : []
  } finally {
    await connection.end()
  }
}
