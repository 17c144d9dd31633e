import type { SharedFailure } from '../codecs/marks.ts'
import type { Entry } from './entry.ts'

/** What a key turned out to hold. */
export type Found =
  | { readonly kind: 'entry'; readonly entry: Entry; readonly bytes: Buffer }
  | typeof nothing
  /** Somebody loads. */
  | { readonly kind: 'lease'; readonly mark: Buffer; readonly lengthMs: number }
  /** Somebody changes the source: nothing may be stored. */
  | typeof fenced
  /** A load failed a moment ago. */
  | { readonly kind: 'error'; readonly mark: Buffer; readonly failure: SharedFailure }
  /** Dead, not decodable, or of another format. `prefix` are its first bytes. */
  | { readonly kind: 'unusable'; readonly prefix: Buffer }
  /** L2 could not say, and what L1 has was right a moment ago. */
  | { readonly kind: 'unproven'; readonly entry: Entry }
  /** L2 could not say: nothing to serve, nowhere to store. */
  | typeof away

export const nothing = { kind: 'nothing' } as const
export const fenced = { kind: 'fenced' } as const
export const away = { kind: 'away' } as const
