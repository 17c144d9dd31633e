import { join } from 'node:path'
import { cacheFolder } from './cache-folder.ts'
import { cachedServer, fetchServer, type InstalledServer, type Program, versionOf } from './fetch-server.ts'
import type { FindServerOptions } from './find-server.ts'
import { onPath } from './on-path.ts'
import type { ProgramEntry } from './server-catalogue.ts'
import { reasonOf, TestServerError } from './test-server-error.ts'

/** What speaks MySQL's dialect in tests. Debian has no MySQL. */
const entry: ProgramEntry = {
  name: 'mariadb-10.11',
  label: 'MariaDB 10.11',
  variable: 'TIERCEL_SERVER_MARIADB',
  suites: ['bookworm'],
  package: 'mariadb-server-core',
  programs: [['sbin/mariadbd', 'mariadbd']],
  shared: ['share/mysql/english', 'share/mysql/charsets'],
  accepts: (version) => version.startsWith('10.11.'),
}

/**
 * Finds MariaDB: the binary named by `TIERCEL_SERVER_MARIADB`, then on PATH, in any version, then in the cache folder, then fetched from the
 * distribution's package archive, as `findServer` does.
 *
 * @throws TestServerError TIERCEL_TEST_SERVER_UNAVAILABLE, TIERCEL_TEST_SERVER_CONFIG
 */
export async function findMariadb({ onProgress = () => undefined }: FindServerOptions = {}): Promise<InstalledServer> {
  const own = process.env[entry.variable]
  if (own) return described({ command: own, args: [] })
  const command = await onPath('mariadbd')
  if (command !== undefined) return described({ command, args: [] })
  try {
    return withItsFiles((await cachedServer(entry)) ?? (await fetchServer(entry, onProgress)))
  } catch (cause) {
    const advice = `install it, set ${entry.variable} to the path of its mariadbd, or set MYSQL_URL to a running server`
    throw new TestServerError(
      'TIERCEL_TEST_SERVER_UNAVAILABLE',
      `${entry.label} was not found and could not be fetched: ${reasonOf(cause)}\nTo help, ${advice}.`,
      { cause },
    )
  }
}

async function described(program: Program): Promise<InstalledServer> {
  try {
    return { version: await versionOf(program), program }
  } catch (cause) {
    throw new TestServerError('TIERCEL_TEST_SERVER_CONFIG', `${program.command} is no MariaDB: ${reasonOf(cause)}`, { cause })
  }
}

/** One that was not installed looks for its messages where it would have been. */
function withItsFiles({ version, program }: InstalledServer): InstalledServer {
  const shared = join(cacheFolder(), 'servers', `${entry.name}-${process.arch}`, 'share', 'mysql')
  const files = [`--lc-messages-dir=${join(shared, 'english')}`, `--character-sets-dir=${join(shared, 'charsets')}`]
  return { version, program: { command: program.command, args: [...program.args, '--no-defaults', ...files] } }
}
