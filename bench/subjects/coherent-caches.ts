import type { OpenCoherent } from './coherent.ts'

/** Who keeps the memories of several processes true to each other. */
export const coherent: Record<string, OpenCoherent> = {
  tiercel: async (setup) => (await import('./tiercel.ts')).openCoherent(setup),
  bentocache: async (setup) => (await import('./bentocache.ts')).openCoherent(setup),
  cacheable: async (setup) => (await import('./cacheable.ts')).openCoherent(setup),
}
