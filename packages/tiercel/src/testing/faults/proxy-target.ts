import { parseServerUrl } from '../../client/server-url.ts'
import { wholeNumber } from '../../kernel/options.ts'
import { show } from '../../kernel/show.ts'
import { checkPlain } from './fault-checks.ts'

/** Where a server listens, or its URL: `redis://` or `valkey://`, not over TLS. */
export type ProxyTarget = ServerAddress | string

export interface ServerAddress {
  readonly host: string
  readonly port: number
}

/** @throws {TIERCEL_INVALID_OPTION} neither a host and a port, nor a URL without TLS */
export function addressOf(target: ProxyTarget): ServerAddress {
  if (typeof target === 'string') {
    const { protocol, hostname, port } = new URL(parseServerUrl(target))
    checkPlain(protocol === 'redis:', 'FaultProxy.start: what is encrypted cannot be understood on its way. Give a URL without TLS.')
    return { host: hostname.replaceAll(/[[\]]/g, ''), port: Number(port || 6379) }
  }
  const host: unknown = target?.host
  if (typeof host !== 'string') checkPlain(false, `FaultProxy.start: ${show(target)} is neither a URL nor a host and a port.`)
  return { host: target.host, port: wholeNumber(target.port, 1, 65_535, 'port') }
}

/** The URL of the proxy for clients: the user, the password and the database of the server's, if there is one. */
export function urlThrough(target: ProxyTarget, port: number): string {
  if (typeof target !== 'string') return `redis://127.0.0.1:${port}`
  const url = new URL(parseServerUrl(target))
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return url.href
}
