import { UsageError } from '../kernel/errors.ts'

const schemes: Readonly<Record<string, string>> = { 'redis:': 'redis:', 'rediss:': 'rediss:', 'valkey:': 'redis:', 'valkeys:': 'rediss:' }

/**
 * Checks a URL and gives the form that all client packages know (`redis:` or `rediss:`).
 * @throws {TIERCEL_INVALID_OPTION} with the URL, but without what may be secret in it
 */
export function parseServerUrl(given: string | URL): string {
  const text = String(given)
  // Not `new URL` alone: what it throws holds the whole text, password and all.
  const url = URL.canParse(text) ? new URL(text) : undefined
  const scheme = url && schemes[url.protocol]
  if (url === undefined || scheme === undefined || url.hostname === '' || !/^\/?\d*$/.test(url.pathname)) throw invalidUrl(text)
  return scheme + text.slice(text.indexOf(':') + 1)
}

function invalidUrl(text: string): UsageError {
  const shown = text.replace(/^([a-z]*:)?.*@/is, '$1//***@').replace(/[?#].*/s, '')
  const allowed = 'Allowed: redis://[[user]:password@]host[:port][/db], and rediss:, valkey:, valkeys: likewise.'
  return new UsageError('TIERCEL_INVALID_OPTION', `Not the URL of a server: "${shown}". ${allowed}`)
}
