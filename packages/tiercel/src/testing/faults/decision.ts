import type { Request } from '../resp/request.ts'
import type { Ending } from './condition.ts'

/** What is done about a command. */
export type Decision =
  /** The server never sees it, and this is the reply. */
  | { readonly kind: 'instead'; readonly reply: Buffer }
  /** The server executes it, and this is the reply. */
  | { readonly kind: 'after'; readonly reply: Buffer }
  /** The server executes it, and its reply breaks off. */
  | { readonly kind: 'truncate'; readonly firstBytes: number; readonly then: Ending }

/** @param isQueued in a transaction: it is not executed before EXEC */
export type Decide = (request: Request, situation: { readonly isQueued: boolean }) => Decision | undefined
