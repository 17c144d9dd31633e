import type { Cache } from 'tiercel'

/** Whether the last call was answered by L1. */
export interface L1Hits {
  /** To be called right before a call of one of the caches. */
  begin(): void
  /** To be read right after it, before anything is awaited. */
  readonly isHit: boolean
}

/** An L1 hit is told within the call itself; so this needs no key, and two calls cannot be taken for one another. */
export function watchL1Hits(caches: readonly Cache[]): L1Hits {
  let isHit = false
  for (const cache of caches) {
    cache.on((event) => {
      if (event.type === 'read.hit' && event.tier === 'l1') isHit = true
    })
  }
  return {
    begin() {
      isHit = false
    },
    get isHit() {
      return isHit
    },
  }
}
