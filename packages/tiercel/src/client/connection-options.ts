import { type Duration, durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames, wholeNumber } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import { readServerUrl, type ServerUrl } from './server-url.ts'

/** How the link to the server of a URL is made and kept. What the URL says is not said again here. */
export interface ConnectionOptions {
  /** As whom to log in, where the server has users (ACL). Needs a password. Default: the server's default user. */
  readonly username?: string
  /** It is in no error and no event. */
  readonly password?: string
  /** Number of the database. 0 to 999,999,999. Default: 0. */
  readonly db?: number
  /** What the server lists the link as (`CLIENT LIST`). 1 to 100 printable ASCII characters without spaces. Default: `tiercel-` and the id of the process. */
  readonly clientName?: string
  /** How long nothing is sent or heard before the system looks whether the other end is still there (TCP keep-alive). 1 s or more. `false`: it does not. Default: 30 s. */
  readonly keepAlive?: Duration | false
  /** What one attempt to connect may take, with TLS. 1 ms to 10 minutes. Default: 5 s. */
  readonly connectTimeout?: Duration
  /** A `PING` so often; a link on which none is answered until the next is due is given up, and made again. 10 ms or more. `false`: none. Default: 30 s. */
  readonly healthCheck?: Duration | false
  /** For `rediss:` and `valkeys:` URLs. The server's certificate and its name are checked in any case. */
  readonly tls?: TlsOptions
}

export interface TlsOptions {
  /** Who may have signed the server's certificate: PEM. Default: the authorities that the runtime trusts. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[]
  /** This client's own certificate, PEM, where the server asks for one. Needs `key`. */
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  /** Of `key`. */
  readonly passphrase?: string
  /** The name that the certificate must be for, and that is asked for (SNI). Default: the host of the URL. */
  readonly servername?: string
}

/** A connection as checked. */
export interface Connection extends ServerUrl {
  readonly db: number
  readonly clientName: string
  /** `undefined`: none. */
  readonly keepAliveMs: number | undefined
  readonly connectTimeoutMs: number
  /** `undefined`: none. */
  readonly healthCheckMs: number | undefined
  /** As `tls.connect` takes them. */
  readonly tls: TlsSettings | undefined
}

export interface TlsSettings extends Omit<TlsOptions, 'ca'> {
  readonly ca?: string | Buffer | (string | Buffer)[]
  readonly rejectUnauthorized: true
  readonly minVersion: 'TLSv1.2'
}

const optionNames = ['username', 'password', 'db', 'clientName', 'keepAlive', 'connectTimeout', 'healthCheck', 'tls']
const tlsNames = ['ca', 'cert', 'key', 'passphrase', 'servername']
/** A name to ask for is none of these. */
const isAddress = /^[\d.]+$|:/
const mostDb = 999_999_999
const longestConnectMs = 600_000
/** What a timer of the runtime can count. */
const longestTimerMs = 2 ** 31 - 1

/**
 * Checks a URL with its options before anything is connected to. No message holds a password or a key.
 *
 * @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_DURATION}
 */
export function checkConnection(given: string | URL, options: ConnectionOptions = {}): Connection {
  const url = readServerUrl(given)
  checkOptionNames(options, optionNames, 'connection')
  const username = textOnce('username', url.username, options.username)
  const password = textOnce('password', url.password, options.password)
  if (username !== undefined && password === undefined) throw invalid('connection.username', 'it needs a password')
  if (url.db !== undefined && options.db !== undefined) throw twice('db')
  return {
    ...url,
    username,
    password,
    db: wholeNumber(url.db ?? options.db ?? 0, 0, mostDb, 'connection.db'),
    clientName: nameOf(options.clientName),
    keepAliveMs: periodMs(options.keepAlive, 1_000, 'connection.keepAlive'),
    connectTimeoutMs: durationMs(options.connectTimeout ?? '5s', 'connection.connectTimeout', longestConnectMs),
    healthCheckMs: periodMs(options.healthCheck, 10, 'connection.healthCheck'),
    tls: tlsOf(url, options.tls),
  }
}

function textOnce(name: string, ofUrl: string | undefined, given: string | undefined): string | undefined {
  if (given === undefined) return ofUrl
  if (typeof given !== 'string' || given === '') throw invalid(`connection.${name}`, 'it must be text that is not empty')
  if (ofUrl !== undefined) throw twice(name)
  return given
}

function nameOf(given: string | undefined): string {
  if (given === undefined) return `tiercel-${process.pid}`
  if (typeof given === 'string' && /^[!-~]{1,100}$/.test(given)) return given
  throw invalid('connection.clientName', `${show(given)} is not allowed. Allowed: 1 to 100 printable ASCII characters without spaces`)
}

function periodMs(given: Duration | false | undefined, leastMs: number, option: string): number | undefined {
  if (given === false) return undefined
  const lengthMs = durationMs(given ?? '30s', option, longestTimerMs)
  if (lengthMs >= leastMs) return lengthMs
  throw invalid(option, `${show(given)} is not allowed. Allowed: ${leastMs} ms or more, or false`)
}

function tlsOf({ isTls, host }: ServerUrl, given: TlsOptions | undefined): TlsSettings | undefined {
  if (!isTls) {
    if (given === undefined) return undefined
    throw invalid('connection.tls', 'the URL asks for no TLS. Write rediss: or valkeys:')
  }
  const options = given ?? {}
  checkOptionNames(options, tlsNames, 'connection.tls')
  for (const name of ['cert', 'key'] as const) if (options[name] !== undefined) checkPem(options[name], `connection.tls.${name}`)
  for (const ca of [options.ca ?? []].flat()) checkPem(ca, 'connection.tls.ca')
  if ((options.cert === undefined) !== (options.key === undefined)) throw invalid('connection.tls', 'cert and key belong together')
  for (const name of ['passphrase', 'servername'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'string') throw invalid(`connection.tls.${name}`, 'it must be text')
  }
  const { ca, servername = isAddress.test(host) ? undefined : host, ...rest } = options
  return {
    ...rest,
    ...(ca !== undefined && { ca: [ca].flat() as (string | Buffer)[] }),
    ...(servername !== undefined && { servername }),
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  }
}

/** A path instead of what is in the file would otherwise be an error of the handshake, or none. */
function checkPem(given: unknown, option: string): void {
  const isBytes = typeof given === 'string' || given instanceof Uint8Array
  if (
    isBytes &&
    Buffer.from(given as Buffer)
      .toString('latin1')
      .includes('-----BEGIN ')
  )
    return
  throw invalid(option, 'it must be the content of a PEM file, as text or bytes')
}

function invalid(option: string, text: string): UsageError {
  return new UsageError('TIERCEL_INVALID_OPTION', `${option}: ${text}.`)
}

function twice(name: string): UsageError {
  return invalid(`connection.${name}`, 'the URL says it already. Say it once')
}
