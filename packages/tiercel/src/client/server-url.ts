import { UsageError } from '../kernel/errors.ts'

const schemes: Readonly<Record<string, string>> = { 'redis:': 'redis:', 'rediss:': 'rediss:', 'valkey:': 'redis:', 'valkeys:': 'rediss:' }
const defaultPort = 6379

/** What the URL of a server says. */
export interface ServerUrl {
  readonly host: string
  readonly port: number
  readonly isTls: boolean
  readonly username: string | undefined
  readonly password: string | undefined
  readonly db: number | undefined
}

/**
 * Checks a URL and gives the form that all client packages know (`redis:` or `rediss:`).
 * @throws {TIERCEL_INVALID_OPTION} with the URL, but without what may be secret in it
 */
export function parseServerUrl(given: string | URL): string {
  const text = String(given)
  // Not `new URL` alone: what it throws holds the whole text, password and all.
  const url = URL.canParse(text) ? new URL(text) : undefined
  const scheme = url && schemes[url.protocol]
  if (url === undefined || scheme === undefined || url.hostname === '' || !/^\/?\d{0,9}$/.test(url.pathname)) throw invalidUrl(text)
  if (url.search !== '' || url.hash !== '') throw invalidUrl(text, 'What comes after a "?" or "#" would mean nothing. ')
  return scheme + text.slice(text.indexOf(':') + 1)
}

/** @throws {TIERCEL_INVALID_OPTION} as `parseServerUrl` */
export function readServerUrl(given: string | URL): ServerUrl {
  const url = new URL(parseServerUrl(given))
  const decoded = (text: string): string | undefined => {
    try {
      return text === '' ? undefined : decodeURIComponent(text)
    } catch {
      throw invalidUrl(String(given), 'A "%" in a user or password is written "%25". ')
    }
  }
  const db = url.pathname.replace('/', '')
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || defaultPort),
    isTls: url.protocol === 'rediss:',
    username: decoded(url.username),
    password: decoded(url.password),
    db: db === '' ? undefined : Number(db),
  }
}

function invalidUrl(text: string, reason = ''): UsageError {
  const shown = text.replace(/^([a-z]*:)?.*@/is, '$1//***@').replace(/[?#].*/s, '')
  const allowed = 'Allowed: redis://[[user]:password@]host[:port][/db], and rediss:, valkey:, valkeys: likewise.'
  return new UsageError('TIERCEL_INVALID_OPTION', `Not the URL of a server: "${shown}". ${reason}${allowed}`)
}
