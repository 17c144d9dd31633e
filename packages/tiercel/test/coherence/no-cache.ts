import type { Subject } from './subject.ts'

/** No cache at all: every read asks the source. What the checker and the workload must find nothing in. */
export function noCache(): Subject {
  return {
    get: async () => undefined,
    getOrSet: (_, load) => load(),
    set: async () => 'applied',
    delete: async () => 'applied',
    invalidateTag: async () => 'applied',
    expireTag: async () => 'applied',
    clear: async () => 'applied',
    mutate: async (_, change) => {
      await change()
      return { outcome: 'applied' }
    },
    close: async () => undefined,
  }
}
