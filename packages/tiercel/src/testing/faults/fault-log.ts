import type { Direction } from './proxy-link.ts'

/** Something that the proxy did. It has no time: the same script and seed, and the same commands, give the same log. */
export type FaultEvent =
  /** A rule answered a command, the n-th of its connection; `when` is `truncated` for a reply that breaks off. */
  | {
      readonly kind: 'answered'
      readonly link: number
      readonly request: number
      readonly command: string
      /** The error's first word. */
      readonly with: string
      readonly when: 'instead' | 'after' | 'truncated'
    }
  /** A connection was cut at a byte. */
  | { readonly kind: 'cut'; readonly link: number; readonly direction: Direction; readonly byte: number }
  /** A step of a script was taken; from 1, as the script lists them. */
  | { readonly kind: 'step'; readonly step: number }
  /** From here on a connection's bytes pass as they come: no rule answers on it. After so many of its commands. */
  | { readonly kind: 'untracked'; readonly link: number; readonly request: number; readonly because: string }

const maxEvents = 10_000

/** The last 10 000 events. */
export class FaultLog {
  #events: FaultEvent[] = []

  get events(): readonly FaultEvent[] {
    return this.#events.slice(-maxEvents)
  }

  add(event: FaultEvent): void {
    if (this.#events.length >= 2 * maxEvents) this.#events = this.#events.slice(-maxEvents)
    this.#events.push(event)
  }
}
