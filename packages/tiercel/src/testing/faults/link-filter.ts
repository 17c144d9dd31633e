import { checkOptionNames } from '../../kernel/options.ts'
import { checkPlain, wholeFrom } from './fault-checks.ts'
import type { Direction, ProxyLink } from './proxy-link.ts'

/** Picks connections. Asked again with every piece that comes, so that it may look at what was sent. */
export type LinkFilter = (link: ProxyLink) => boolean

export interface Scope {
  /** Default: both. */
  readonly direction?: Direction
  /** Default: all connections, those included that are opened later. */
  readonly where?: LinkFilter
}

/** Connections as plain data: all that fit what is given. */
export interface PlainLinks {
  /** The one with this number, from 1 in the order in which they were opened. */
  readonly number?: number
  /** Those whose client has said this in its first 16 KiB, in whatever case. */
  readonly hasSent?: string
}

export const directions: readonly Direction[] = ['to-server', 'to-client']

/** @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION} */
export function filterOf(links: PlainLinks = {}): LinkFilter {
  checkOptionNames(links, ['number', 'hasSent'], 'links')
  const { number, hasSent } = links
  if (number !== undefined) wholeFrom(1, number, 'links.number')
  checkPlain(hasSent === undefined || typeof hasSent === 'string', 'links.hasSent must be a text.')
  return (link) => (number ?? link.number) === link.number && (hasSent === undefined || link.hasSent(hasSent))
}
