import { UsageError } from '../kernel/errors.ts'
import type { Client } from './client.ts'
import { GlideLink, glideName } from './glide-link.ts'
import { type Glide, type GlideMembers, membersOf } from './glide-shape.ts'
import { LinkNews } from './link-news.ts'
import { LinkedClient } from './linked-client.ts'
import { oneNode } from './nodes.ts'

export type { Glide }

/**
 * Adapts a live `GlideClient` of `@valkey/valkey-glide`, version 2. It stays yours: `close` of the adapter ends only what the adapter opened.
 *
 * - What is sent in one turn leaves as one pipeline with one short command more, which proves the connection. Your `requestTimeout` bounds
 *   each pipeline; what it gives up on may be executed all the same.
 * - GLIDE does not tell of lost or new connections. A new one is noticed with the first answer on it: that answer is not handed on but rejected with
 *   `TIERCEL_STORE_UNAVAILABLE`, and told of by `onLink` before the next command leaves. While nothing is sent, it is looked for five times a second.
 * - `track` rejects with `TIERCEL_UNSUPPORTED`: GLIDE drops what the server pushes. Caches are to use the mode `bus`.
 * - An error inside the array that a script returns rejects the command, and a whole double that it returns is a number: that is how GLIDE decodes them.
 *
 * @throws {TIERCEL_UNSUPPORTED} its options have replies come from elsewhere than the primary, or changed on the way
 */
export function glideClient(live: Glide): Client {
  refuseOptions(membersOf(live))
  const news = new LinkNews()
  return new LinkedClient(glideName, oneNode(new GlideLink(live, { news }), news), () => Promise.resolve())
}

function refuseOptions({ config }: GlideMembers): void {
  if (typeof config !== 'object' || config === null) throw unsupported('This version of GLIDE does not say what its client was made with.')
  const { readFrom, readOnly, clientSideCache, compression } = config
  const refused = {
    readFrom: readFrom !== undefined && readFrom !== 'primary',
    readOnly: readOnly === true,
    clientSideCache: clientSideCache !== undefined,
    compression: compression !== undefined,
  }
  const [name] = Object.entries(refused).find(([, isRefused]) => isRefused) ?? []
  if (name !== undefined)
    throw unsupported(`The GLIDE client has the option ${name}, which changes what commands return. Hand in one without.`)
}

function unsupported(text: string): UsageError {
  return new UsageError('TIERCEL_UNSUPPORTED', text)
}
