import { cachedServer, fetchServer, type InstalledServer, type Program, versionOf } from './fetch-server.ts'
import { onPath } from './on-path.ts'
import { type CatalogueEntry, catalogue, type ServerKind, type ServerName, serverNames } from './server-catalogue.ts'
import { reasonOf, TestServerError } from './test-server-error.ts'

/** A server program that can be started. */
export type FoundServer = {
  /** The name asked for, or the one the version stands for; `undefined` for a server that is none of the three. */
  readonly name: ServerName | undefined
  readonly kind: ServerKind
  readonly version: string
  readonly program: Program
  readonly source: 'environment' | 'path' | 'cache' | 'fetched'
}

export type FindServerOptions = {
  /** Told what is being done while it takes time. */
  onProgress?: (message: string) => void
}

/**
 * Finds the program of a server: the binary named by `TIERCEL_SERVER_<NAME>`, then on PATH, then in the cache folder,
 * then fetched from the distribution's package archive. Without a name any Valkey or Redis will do.
 *
 * @throws TestServerError TIERCEL_TEST_SERVER_UNAVAILABLE when there is none to be had
 */
export async function findServer(name?: ServerName, options: FindServerOptions = {}): Promise<FoundServer> {
  const onProgress = options.onProgress ?? (() => undefined)
  return name === undefined ? findAny(onProgress) : findNamed(catalogue[name], onProgress)
}

async function findNamed(entry: CatalogueEntry, onProgress: (message: string) => void): Promise<FoundServer> {
  return (await findPresent(entry)) ?? (await fetched(entry, onProgress))
}

async function findAny(onProgress: (message: string) => void): Promise<FoundServer> {
  const entries = preference.map((name) => catalogue[name])
  return (
    (await firstOf(entries, fromEnvironment)) ??
    (await fromPath('valkey')) ??
    (await fromPath('redis')) ??
    (await firstOf(entries, cached)) ??
    (await fetched(catalogue['valkey-9.1'], onProgress).catch(() => fetched(catalogue['valkey-8.0'], onProgress)))
  )
}

type Look = (entry: CatalogueEntry) => Promise<FoundServer | undefined>

async function firstOf(entries: readonly CatalogueEntry[], look: Look): Promise<FoundServer | undefined> {
  for (const entry of entries) {
    const found = await look(entry)
    if (found !== undefined) return found
  }
  return undefined
}

const preference: readonly ServerName[] = ['valkey-9.1', 'valkey-8.0', 'redis-8.0']

async function findPresent(entry: CatalogueEntry): Promise<FoundServer | undefined> {
  const named = await fromEnvironment(entry)
  if (named !== undefined) return named
  const onPath = await fromPath(entry.kind)
  if (onPath !== undefined && entry.accepts(onPath.version)) return { ...onPath, name: entry.name }
  return cached(entry)
}

async function fromEnvironment(entry: CatalogueEntry): Promise<FoundServer | undefined> {
  const command = process.env[entry.variable]
  if (!command) return undefined
  const program: Program = { command, args: [] }
  const version = await versionOf(program).catch((cause: unknown) => {
    throw new TestServerError('TIERCEL_TEST_SERVER_CONFIG', `${entry.variable} names no server: ${reasonOf(cause)}`, { cause })
  })
  if (!entry.accepts(version)) {
    throw new TestServerError('TIERCEL_TEST_SERVER_CONFIG', `${entry.variable} names a binary of version ${version}, not ${entry.label}`)
  }
  return { name: entry.name, kind: entry.kind, version, program, source: 'environment' }
}

async function fromPath(kind: ServerKind): Promise<FoundServer | undefined> {
  const command = await onPath(`${kind}-server`)
  if (command === undefined) return undefined
  const program: Program = { command, args: [] }
  const version = await versionOf(program)
  const name = serverNames.find((candidate) => catalogue[candidate].kind === kind && catalogue[candidate].accepts(version))
  return { name, kind, version, program, source: 'path' }
}

async function cached(entry: CatalogueEntry): Promise<FoundServer | undefined> {
  const installed = await cachedServer(entry)
  return installed === undefined ? undefined : describe(entry, installed, 'cache')
}

async function fetched(entry: CatalogueEntry, onProgress: (message: string) => void): Promise<FoundServer> {
  try {
    return describe(entry, await fetchServer(entry, onProgress), 'fetched')
  } catch (cause) {
    throw new TestServerError('TIERCEL_TEST_SERVER_UNAVAILABLE', adviceFor(entry, cause), { cause })
  }
}

function describe(entry: CatalogueEntry, installed: InstalledServer, source: 'cache' | 'fetched'): FoundServer {
  return { name: entry.name, kind: entry.kind, ...installed, source }
}

function adviceFor(entry: CatalogueEntry, cause: unknown): string {
  return [
    `${entry.label} was not found and could not be fetched: ${reasonOf(cause)}`,
    'Any one of these helps:',
    `  - install ${entry.label} so that ${entry.kind}-server is on PATH`,
    `  - set ${entry.variable} to the path of its binary`,
    '  - set VALKEY_URL to a running server, for what needs just one server (npm start, npm run lab)',
    '  - on Debian, let apt-get reach the package archive and run this again',
  ].join('\n')
}
