import type { Announcements } from './announcements.ts'
import type { CheckRules } from './check-options.ts'
import type { Finding, FindingKind } from './finding.ts'
import type { CacheRead, Invalidation, Operation, SourceChange } from './history.ts'
import { contradictions, SourceVersions } from './source-versions.ts'

/** What was done to one key. */
export interface KeyHistory {
  readonly changes: SourceChange[]
  readonly reads: CacheRead[]
}

export interface AllAnnouncements {
  readonly byAnybody: Announcements
  readonly byProcess: ReadonlyMap<string, Announcements>
}

/** A read whose value the source held. */
type SoundRead = CacheRead & { readonly version: number }

/** A newer change, and the invalidation that told of it. */
interface Overtaking {
  readonly change: SourceChange
  readonly told: Invalidation
}

/** Checks the reads of one key. The rules are those of `checkHistory`. */
export class KeyCheck {
  readonly findings: Finding[] = []
  /** By version that was read and overtaken: ms from then to the last read. */
  readonly #staleMs: Map<number, number> = new Map()
  readonly #key: string
  readonly #rules: CheckRules
  readonly #told: AllAnnouncements
  readonly #versions: SourceVersions

  constructor(key: string, { changes, reads }: KeyHistory, told: AllAnnouncements, rules: CheckRules) {
    this.#key = key
    this.#told = told
    this.#rules = rules
    this.#versions = new SourceVersions(changes)
    for (const [change, other] of contradictions(changes))
      this.#found('broken-log', change, [other], `got version ${change.version} and version ${other.version} in a way that times forbid`)
    const byProcess = new Map<string, SoundRead[]>()
    for (const read of reads) {
      if (!this.#isSound(read)) continue
      this.#checkAge(read)
      this.#checkOwn(read)
      const ownReads = byProcess.get(read.process)
      if (ownReads === undefined) byProcess.set(read.process, [read])
      else ownReads.push(read)
    }
    for (const ownReads of byProcess.values()) this.#checkOrder(ownReads)
  }

  get staleMs(): Iterable<number> {
    return this.#staleMs.values()
  }

  #isSound(read: CacheRead): read is SoundRead {
    const { version, foreign } = read
    if (foreign !== undefined) {
      this.#found('wrong', read, [], `read as ${foreign}`)
      return false
    }
    if (version === undefined) return false
    if (version === 0) return true
    const change = this.#versions.get(version)
    if (change === undefined) this.#found('wrong', read, [], `read as version ${version}, which no change made`)
    else if (change.outcome === 'aborted') this.#found('phantom', read, [change], `read as version ${version}, which was never committed`)
    else if (read.endMs < change.startMs) this.#found('phantom', read, [change], `read as version ${version} before its change began`)
    else return true
    return false
  }

  #checkAge(read: SoundRead): void {
    const by = this.#overtaking(read.version, this.#told.byAnybody)
    if (by === undefined) return
    const lateMs = read.startMs - by.told.endMs
    this.#staleMs.set(read.version, Math.max(lateMs, this.#staleMs.get(read.version) ?? 0))
    const allowedMs = read.exact ? this.#rules.toleranceMs : this.#rules.allowedMs
    if (lateMs <= allowedMs) return
    this.#found('stale', read, [by.change, by.told], `${over(read, by)} ${lateMs.toFixed(3)} ms before, ${allowedMs} ms are allowed`)
  }

  #checkOwn(read: SoundRead): void {
    const own = this.#told.byProcess.get(read.process)
    const by = own && this.#overtaking(read.version, own)
    if (by === undefined || read.startMs <= by.told.endMs) return
    this.#found('own-write-missed', read, [by.change, by.told], `${over(read, by)} by the same process before it read`)
  }

  /** Both lists in the order in which they count: what a read had seen when it began is all that comes before it in `seen`. */
  #checkOrder(reads: readonly SoundRead[]): void {
    const seen = reads.map((read) => ({ read, countsFromMs: this.#countsFromMs(read) })).sort((a, b) => a.countsFromMs - b.countsFromMs)
    let newest: SoundRead | undefined
    let at = 0
    for (const read of reads.toSorted((a, b) => a.startMs - b.startMs)) {
      for (; (seen[at]?.countsFromMs ?? Number.POSITIVE_INFINITY) < read.startMs; at += 1) {
        const earlier = seen[at]?.read as SoundRead
        if (newest === undefined || earlier.version > newest.version) newest = earlier
      }
      if (newest === undefined || newest.version <= read.version) continue
      this.#found('backwards', read, [newest], `read as version ${read.version} after the same process had read version ${newest.version}`)
    }
  }

  /** From when on its process may read nothing older. */
  #countsFromMs({ version, startMs, endMs }: SoundRead): number {
    if (this.#rules.isAlwaysMonotonic) return endMs
    const told = this.#overtaking(version - 1, this.#told.byAnybody)?.told
    return told !== undefined && told.endMs < startMs ? endMs : Number.POSITIVE_INFINITY
  }

  #overtaking(version: number, announcements: Announcements): Overtaking | undefined {
    const change = this.#versions.firstFrom(version + 1)
    const told = change && announcements.first(this.#key, change.endMs)
    return told && { change, told }
  }

  #found(kind: FindingKind, read: Operation, against: readonly Operation[], summary: string): void {
    this.findings.push({ kind, key: this.#key, summary, operations: [read, ...against] })
  }
}

function over({ version }: SoundRead, { change, told }: Overtaking): string {
  return `read as version ${version}, overtaken by version ${change.version} and the ${told.call} that ended`
}
