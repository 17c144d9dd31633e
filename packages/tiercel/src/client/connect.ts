import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames } from '../kernel/options.ts'
import type { Client } from './client.ts'
import { type Connection, type ConnectionOptions, checkConnection } from './connection-options.ts'
import { ownIoredis, ownNodeRedis } from './owned-link.ts'

export interface ConnectOptions {
  /** How the link is made and kept: who logs in, TLS, database, name, time-outs. */
  readonly connection?: ConnectionOptions
  /** Loads a package. Default: `import`. */
  readonly load?: (specifier: string) => Promise<unknown>
}

const packages = [
  { specifier: '@redis/client', own: ownNodeRedis },
  { specifier: 'redis', own: ownNodeRedis },
  { specifier: 'iovalkey', own: (module: unknown, connection: Connection) => ownIoredis('iovalkey', module, connection) },
  { specifier: 'ioredis', own: (module: unknown, connection: Connection) => ownIoredis('ioredis', module, connection) },
]

/**
 * Makes a client of a URL with the client package that is installed: `@redis/client`, `redis`, `iovalkey` or `ioredis`, the first
 * that is found. The link is opened in the background and again after every loss, with a jittered delay of at most 2 s;
 * wait for the first with `ready()`. `close()` ends it.
 *
 * @param url `redis://[[user]:password@]host[:port][/db]`, also `rediss:` (TLS), `valkey:` and `valkeys:`
 * @throws {TIERCEL_INVALID_OPTION} not such a URL, or an option that is not allowed; {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_DURATION}
 * @throws {TIERCEL_CLIENT_MISSING} none of the packages is installed
 */
export async function connectUrl(url: string | URL, options: ConnectOptions = {}): Promise<Client> {
  checkOptionNames(options, ['load', 'connection'], 'connectUrl')
  return connectTo(checkConnection(url, options.connection), options.load)
}

/** @throws {TIERCEL_CLIENT_MISSING} */
export async function connectTo(connection: Connection, load: ConnectOptions['load'] = loadPackage): Promise<Client> {
  for (const { specifier, own } of packages) {
    const module = await loadIfInstalled(specifier, load)
    if (module !== undefined) return own(module, connection)
  }
  const text = 'A URL needs a client package, and none is installed: npm install @redis/client (or redis, iovalkey, ioredis).'
  throw new UsageError('TIERCEL_CLIENT_MISSING', text)
}

/** The specifier is no literal, so that bundlers leave it alone. */
function loadPackage(specifier: string): Promise<unknown> {
  return import(/* @vite-ignore */ /* webpackIgnore: true */ specifier)
}

async function loadIfInstalled(specifier: string, load: (specifier: string) => Promise<unknown>): Promise<unknown> {
  try {
    return await load(specifier)
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown }
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
    if (isMissing && String(message).includes(specifier)) return undefined
    throw error
  }
}
