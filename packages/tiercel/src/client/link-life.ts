import type { LinkNews } from './link-news.ts'

/** The life of one link: from when it was told of until it is lost, again and again. */
export class LinkLife {
  readonly #news: LinkNews
  readonly #losses = new Set<() => void>()
  #isTold = false
  /** Set while this connection itself is tracked (`tracking-pair.ts`): for whom, and whether reads have to be announced. */
  pair: { readonly owner: object; readonly isOptIn: boolean } | undefined

  constructor(news: LinkNews) {
    this.#news = news
  }

  get isTold(): boolean {
    return this.#isTold
  }

  opened(): void {
    this.lost()
    this.#isTold = true
    this.#news.opened()
  }

  lost(): void {
    if (!this.#isTold) return
    this.#isTold = false
    this.pair = undefined
    this.#news.lost()
    for (const listener of [...this.#losses]) listener()
  }

  /** Calls `listener` when the connection is lost, or let go of. Returns what takes the listener off. */
  onLost(listener: () => void): () => void {
    this.#losses.add(listener)
    return () => void this.#losses.delete(listener)
  }
}
