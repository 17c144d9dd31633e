/** Counters of one cache since it was created, all its namespaces together. Times in ms, sizes in bytes. */
export interface CacheStats {
  readonly l1: TierStats & {
    /** Entries resident now. */
    readonly entries: number
    /** Encoded size of the entries resident now. */
    readonly sizeBytes: number
    readonly evictions: number
  }
  readonly l2: TierStats & {
    readonly bytesRead: number
    readonly bytesWritten: number
    /** Calls to the store that failed or took longer than its budget. */
    readonly errors: number
    /** Stored bytes that did not check out and counted as a miss. */
    readonly rejected: number
    /** Times that a circuit breaker opened. */
    readonly breakerOpenings: number
  }
  /**
   * Times that a value in L1 was asked for at L2 by its version, and was still right: because something was heard of it before it was wanted again, or of
   * everything, with a new link.
   */
  readonly revalidations: number
  /** Values that were served past their ttl, within their grace. */
  readonly staleHits: number
  /** Loads that were started, one per key: also where a batch loads several keys by one call. */
  readonly loads: number
  /** Those of them that were to replace an older value. */
  readonly refreshes: number
  readonly loadErrors: number
  /** Callers who shared a load that another one had started. */
  readonly loadsJoined: number
  /** Time spent in loaders that ended. */
  readonly loadTimeMs: number
  /** Times that the load of another process was waited for. */
  readonly waits: number
  readonly waitTimeMs: number
  readonly sets: number
  readonly deletes: number
  /** Changes of the source, by `mutate`. */
  readonly mutations: number
  /** Keys that resources wrote to the source, or to a log before it, or removed there. */
  readonly sourceWrites: number
  /** Tags that were invalidated or expired. */
  readonly tagsInvalidated: number
  /** Loaded values that were not stored: their key was written or deleted meanwhile, or nobody wanted them any more. */
  readonly writesDropped: number
}

/** A read that the tier was asked for is a hit or a miss of it. */
export interface TierStats {
  readonly hits: number
  readonly misses: number
}

/** The counters themselves: one flat object of numbers, incremented in place on the hot path. */
export class Counters {
  l1Hits = 0
  l1Misses = 0
  l2Hits = 0
  l2Misses = 0
  bytesRead = 0
  bytesWritten = 0
  storeErrors = 0
  rejected = 0
  breakerOpenings = 0
  revalidations = 0
  staleHits = 0
  loads = 0
  refreshes = 0
  loadErrors = 0
  loadsJoined = 0
  loadTimeMs = 0
  waits = 0
  waitTimeMs = 0
  sets = 0
  deletes = 0
  mutations = 0
  sourceWrites = 0
  tagsInvalidated = 0
  writesDropped = 0
}

export interface L1Usage {
  readonly entries: number
  readonly sizeBytes: number
  readonly evictions: number
}

export function snapshot(counters: Counters, l1: L1Usage): CacheStats {
  return {
    l1: { hits: counters.l1Hits, misses: counters.l1Misses, entries: l1.entries, sizeBytes: l1.sizeBytes, evictions: l1.evictions },
    l2: {
      hits: counters.l2Hits,
      misses: counters.l2Misses,
      bytesRead: counters.bytesRead,
      bytesWritten: counters.bytesWritten,
      errors: counters.storeErrors,
      rejected: counters.rejected,
      breakerOpenings: counters.breakerOpenings,
    },
    revalidations: counters.revalidations,
    staleHits: counters.staleHits,
    loads: counters.loads,
    refreshes: counters.refreshes,
    loadErrors: counters.loadErrors,
    loadsJoined: counters.loadsJoined,
    loadTimeMs: counters.loadTimeMs,
    waits: counters.waits,
    waitTimeMs: counters.waitTimeMs,
    sets: counters.sets,
    deletes: counters.deletes,
    mutations: counters.mutations,
    sourceWrites: counters.sourceWrites,
    tagsInvalidated: counters.tagsInvalidated,
    writesDropped: counters.writesDropped,
  }
}
