/** One process of several that keep copies of the same rows: two tiers, and what the library has to keep them in step. */
export type OpenCoherent = (setup: CoherentSetup) => Promise<CoherentCache>

export interface CoherentSetup {
  /** Of the server, or of what stands between it and this process. */
  readonly url: string
  readonly namespace: string
  /** Of all values, in both tiers. */
  readonly ttlMs: number
}

export interface CoherentCache {
  read(key: string, load: () => Promise<number>): Promise<number>
  readTagged(key: string, tag: string, load: () => Promise<number>): Promise<number>
  /** `change` commits before it resolves; then what was stored of it is invalid. */
  change(key: string, change: () => Promise<unknown>): Promise<unknown>
  changeTagged(tag: string, change: () => Promise<unknown>): Promise<unknown>
}
