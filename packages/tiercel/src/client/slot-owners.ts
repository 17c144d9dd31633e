import type { Link } from './link.ts'
import type { LinkNews } from './link-news.ts'

/**
 * Which primary each slot was used on last, so that a slot that has gone to another primary is told of (`LinkNews`) before the first command for it.
 *
 * The client's map decides; but what a redirection said holds as long as the map still says what it said then: it learns in its own time.
 */
export class SlotOwners {
  readonly #mapped: (slot: number) => Link | undefined
  readonly #news: LinkNews
  /** Addresses: that a node has a new link is told of by the link. */
  readonly #owners = new Array<string | undefined>(16_384)
  readonly #ahead = new Map<number, { readonly mapped: Link | undefined; readonly owner: Link }>()

  constructor(mapped: (slot: number) => Link | undefined, news: LinkNews) {
    this.#mapped = mapped
    this.#news = news
  }

  /** The link of a slot. Undefined while there is none. */
  of(slot: number): Link | undefined {
    const link = this.#current(slot)
    if (link === undefined || link.address === this.#owners[slot]) return link
    const isMoved = this.#owners[slot] !== undefined
    this.#owners[slot] = link.address
    if (isMoved) this.#lookAtAll()
    return link
  }

  /** A redirection said that the slot is served there now. */
  moved(slot: number, link: Link): void {
    const mapped = this.#mapped(slot)
    if (mapped === link) this.#ahead.delete(slot)
    else this.#ahead.set(slot, { mapped, owner: link })
    this.of(slot)
  }

  #current(slot: number): Link | undefined {
    const mapped = this.#mapped(slot)
    if (this.#ahead.size === 0) return mapped
    const known = this.#ahead.get(slot)
    if (known === undefined) return mapped
    if (known.mapped === mapped && known.owner.isReady) return known.owner
    this.#ahead.delete(slot)
    return mapped
  }

  /** A failover moves thousands of slots: they are told of together. */
  #lookAtAll(): void {
    this.#owners.forEach((owner, slot) => {
      if (owner !== undefined) this.#owners[slot] = this.#current(slot)?.address ?? owner
    })
    this.#news.opened()
  }
}
