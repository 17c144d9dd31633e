/** A link that came and went before these is forgotten, and what it proved with it. */
const pastLinks = 8

/**
 * How long this process may believe what it holds.
 *
 * It hears of changes over a link. Until when it would have heard is proven by a round trip over that link, and counts from when the question was
 * *sent*: whatever changed before that has been told by the time of the answer. What was read from the server itself is as good from the moment
 * that read was sent. So nothing is served for longer than `boundMs` after the newer of the two.
 */
export class Proof {
  /** The bound on staleness, in ms. */
  readonly boundMs: number
  /** When the last answered question was sent. */
  provenAtMs: number = Number.NEGATIVE_INFINITY
  /** The same, of any link so far. */
  lastProvenAtMs: number = Number.NEGATIVE_INFINITY
  /** Up to here all that nobody has questioned may be served. */
  provenUntilMs: number = Number.NEGATIVE_INFINITY
  /** Since when the link is there. What was read before may have changed while nothing was heard. */
  heardSinceMs: number = Number.NEGATIVE_INFINITY
  /** Of links that are gone, the latest first: since when each was there, and the last proof over it. */
  readonly #past: { readonly sinceMs: number; readonly provenAtMs: number }[] = []

  constructor(boundMs: number) {
    this.boundMs = boundMs
  }

  /** @param sentAtMs when the question was sent */
  prove(sentAtMs: number): void {
    if (sentAtMs < this.provenAtMs) return
    this.provenAtMs = sentAtMs
    this.lastProvenAtMs = sentAtMs
    this.provenUntilMs = sentAtMs + this.boundMs
  }

  /** Changes may have been missed up to now: what was proven is not any more, and will not be by this link. */
  void(nowMs: number): void {
    this.#past.unshift({ sinceMs: this.heardSinceMs, provenAtMs: this.provenAtMs })
    this.#past.length = Math.min(this.#past.length, pastLinks)
    this.heardSinceMs = nowMs
    this.provenAtMs = Number.NEGATIVE_INFINITY
    this.provenUntilMs = Number.NEGATIVE_INFINITY
  }

  /** Nothing can be missed: there is nobody else, or he is in this process. */
  proveForEver(): void {
    this.provenAtMs = Number.POSITIVE_INFINITY
    this.provenUntilMs = Number.POSITIVE_INFINITY
  }

  /**
   * Until when what was read at `sentAtMs`, and not questioned by name since, is known to have been right: what a later link proves says nothing of what was
   * changed before it was there.
   */
  provenAtOf(sentAtMs: number): number {
    if (sentAtMs >= this.heardSinceMs) return Math.max(sentAtMs, this.provenAtMs)
    const link = this.#past.find(({ sinceMs }) => sentAtMs >= sinceMs)
    return Math.max(sentAtMs, link?.provenAtMs ?? sentAtMs)
  }

  /** Whether what was read at `sentAtMs` and not questioned since may be served now. */
  covers(sentAtMs: number, nowMs: number): boolean {
    return (nowMs <= this.provenUntilMs && sentAtMs >= this.heardSinceMs) || nowMs - sentAtMs <= this.boundMs
  }
}
