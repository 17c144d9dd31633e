import type { CacheOptions, CacheStats, GetOrSetOptions } from '../../src/index.ts'

export interface FleetSetup {
  readonly url: string
  readonly namespace: string
  readonly options: Pick<CacheOptions, 'ttl' | 'grace' | 'beta' | 'refreshAhead' | 'lease' | 'errorTtl'>
}

/** What a process is told to do: so many callers, all at once or one after the other over a time. */
export interface FleetCall {
  readonly key: string
  readonly callers: number
  readonly overMs?: number
  readonly loadMs: number
  readonly fails?: boolean
  readonly options?: Omit<GetOrSetOptions, 'signal'>
}

export interface FleetReply {
  readonly values: readonly string[]
  readonly fulfilled: number
  readonly errors: readonly string[]
  readonly durationMs: number
  readonly longestWaitMs: number
  readonly stats: CacheStats
}
