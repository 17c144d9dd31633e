import { type Address, askText } from './resp.ts'
import type { ServerKind } from './server-catalogue.ts'
import { versionIn } from './standalone.ts'
import { reasonOf, TestServerError } from './test-server-error.ts'

/** A server that somebody else runs. */
export type ExternalServer = {
  readonly url: string
  readonly host: string
  readonly port: number
  readonly kind: ServerKind
  readonly version: string
  /** Does nothing: it is not ours to stop. There so that callers need not tell the two apart. */
  stop(): Promise<void>
}

/**
 * The server of `VALKEY_URL`, or `undefined` when that is not set.
 *
 * @throws TestServerError TIERCEL_TEST_SERVER_CONFIG when it is no such URL, TIERCEL_TEST_SERVER_NOT_READY when nobody answers there
 */
export async function serverFromEnv(): Promise<ExternalServer | undefined> {
  const url = process.env['VALKEY_URL']
  if (!url) return undefined
  const address = parseServerUrl(url)
  const info = await askText(address, ['INFO', 'server']).catch((cause: unknown) => {
    throw new TestServerError('TIERCEL_TEST_SERVER_NOT_READY', `VALKEY_URL names a server that cannot be used: ${reasonOf(cause)}`, {
      cause,
    })
  })
  const { host, port } = address
  return {
    url,
    host,
    port,
    kind: info.includes('valkey_version:') ? 'valkey' : 'redis',
    version: versionIn(info) ?? 'unknown',
    stop: async () => undefined,
  }
}

const schemes = ['redis:', 'rediss:', 'valkey:', 'valkeys:']

/** The message never repeats the URL, which may hold a password. */
export function parseServerUrl(text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.hostname === '' || !schemes.includes(url.protocol)) {
    throw new TestServerError(
      'TIERCEL_TEST_SERVER_CONFIG',
      'VALKEY_URL must look like redis://host:6379 (redis, rediss, valkey or valkeys)',
    )
  }
  const auth = [url.username, url.password].filter((word) => word !== '').map(decodeURIComponent)
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    tls: url.protocol === 'rediss:' || url.protocol === 'valkeys:',
    ...(auth.length === 0 ? {} : { auth }),
  }
}
