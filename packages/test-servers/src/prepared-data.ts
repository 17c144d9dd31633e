import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installOnce } from './cache-folder.ts'
import { openEmbedded } from './embedded-postgres.ts'
import { runCommand } from './run-command.ts'
import { guard } from './watchdog.ts'

export type PrepareOptions = {
  /** Told what is being done while it takes time. */
  onProgress?: (message: string) => void
}

/**
 * Returns the path of a data folder in the cache that holds what `fill` put into it, and makes it first when it is missing.
 * It is a template: hand it to `startPostgres({ template })`, which works on a copy.
 *
 * `name` has to change with what `fill` does. Two processes that ask for the same name fill it once.
 */
export async function prepareDataFolder(
  name: string,
  fill: (connectionString: string) => Promise<void>,
  options: PrepareOptions = {},
): Promise<string> {
  const empty = await emptyDataFolder(options)
  const build = async (folder: string): Promise<void> => {
    await copyDataFolder(empty, folder)
    const database = await openEmbedded(folder)
    try {
      await fill(database.connectionString)
    } finally {
      await database.stop()
    }
  }
  return installOnce(folderName(name), build, { onWait: () => options.onProgress?.(`waiting for another process that prepares ${name}`) })
}

/** A database as it is after its initialisation, which takes seconds and is done once for all. */
export async function emptyDataFolder(options: PrepareOptions = {}): Promise<string> {
  const build = async (folder: string): Promise<void> => {
    options.onProgress?.('initialising the embedded database, once, about 5 s')
    const database = await openEmbedded(folder)
    await database.stop()
  }
  return installOnce(folderName('empty'), build, {
    onWait: () => options.onProgress?.('waiting for another process that initialises the database'),
  })
}

// The version is in the name: a newer PGlite may hold a newer PostgreSQL, which does not open the older one's folder.
function folderName(name: string): string {
  return join('postgres', `${name}-pglite-${pgliteVersion}`)
}

export const pgliteVersion: string = readPgliteVersion()

function readPgliteVersion(): string {
  const require = createRequire(import.meta.url)
  const manifest = require('../package.json') as { dependencies: Record<string, string> }
  return manifest.dependencies['@electric-sql/pglite'] ?? 'unknown'
}

/** Copies the content of one folder into another, which is made when missing. */
export async function copyDataFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  // A tenth of the time of node's own cp, which asks several times about each of a thousand files.
  const copied = await runCommand('cp', ['-R', `${from}/.`, to])
  if (!copied.ok) throw new Error(`the prepared database could not be copied: ${copied.stderr}`)
}

/** A copy that is removed with the returned function, or when this process ends without having called it. */
export async function temporaryCopy(template: string): Promise<{ dataDir: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'tiercel-postgres-'))
  const unguard = guard('folder', folder)
  const dataDir = join(folder, 'data')
  await copyDataFolder(template, dataDir)
  return {
    dataDir,
    async remove() {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
      unguard()
    },
  }
}
