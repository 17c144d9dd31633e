/** How a request ended. One colour and one shape each, the same everywhere; never the colour alone. */
export const outcomes = ['l1', 'l2', 'refreshed', 'stale', 'waited', 'joined', 'source', 'error'] as const

export type Outcome = (typeof outcomes)[number]

/** Places a request can travel to, in this order from left to right. */
export const stations = ['app', 'l1', 'l2', 'source'] as const

export type Station = (typeof stations)[number]

export interface OutcomeFacts {
  readonly label: string
  readonly about: string
  /** Where the answer came from. */
  readonly station: Station
}

export const outcomeFacts: Readonly<Record<Outcome, OutcomeFacts>> = {
  l1: { label: 'L1 hit', about: "answered from this process's memory", station: 'l1' },
  l2: { label: 'L2 hit', about: 'answered from Valkey', station: 'l2' },
  refreshed: { label: 'refreshed ahead', about: 'answered at once, still fresh, and its refresh set off', station: 'l2' },
  stale: { label: 'stale', about: 'answered at once with a value past its time to live', station: 'l2' },
  waited: { label: 'waited', about: 'waited for a load of another process', station: 'l2' },
  joined: { label: 'joined', about: 'waited for a load that another request had started', station: 'source' },
  source: { label: 'source', about: 'loaded from the source', station: 'source' },
  error: { label: 'error', about: 'failed', station: 'source' },
}
