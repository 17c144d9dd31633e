/** What a value was loaded from: registers of the source, with the version that each had. */
export type Versions = Readonly<Record<string, number>>

/**
 * The system of record: a register per key, per tag and for all, each with a version that only grows. What a load finds under a key is the
 * versions of all that bears on it, so whoever holds a value can tell which changes it has missed. One tag of a value is told by its row.
 */
export class Source {
  readonly #committed: Record<string, number> = {}
  /** What a replica has. */
  readonly #replicated: Record<string, number> = {}
  readonly #uncommitted: Set<number> = new Set()
  readonly #underWay: { readonly atMs: number; readonly versions: Versions }[] = []
  /** A commit waits until these have ended. */
  locks = 0
  #last = 0

  /** @param from `'replica'`: as far as it has heard; versions: what the reader's own transaction has written */
  read(key: string, from?: 'replica' | Versions): Versions {
    const state = { ...(from === 'replica' ? this.#replicated : this.#committed), ...(typeof from === 'object' ? from : {}) }
    const row = state[rowOf(key)] ?? 0
    return Object.fromEntries([rowOf(key), 'tag s', tagOfRow(row), 'all'].map((register) => [register, state[register] ?? 0]))
  }

  /** Seen by nobody but the writer. */
  write(registers: readonly string[]): Versions {
    const versions = this.#next(registers)
    for (const version of Object.values(versions)) this.#uncommitted.add(version)
    return versions
  }

  commit(registers: readonly string[], atMs: number): Versions {
    const versions = this.#next(registers)
    Object.assign(this.#committed, versions)
    this.#underWay.push({ atMs, versions })
    return versions
  }

  /** The replica hears of what was committed before `atMs`. */
  replicate(atMs: number): void {
    while ((this.#underWay[0]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs) Object.assign(this.#replicated, this.#underWay.shift()?.versions)
  }

  /** Whether a replica has it all. */
  hasReplicated(versions: Versions): boolean {
    return Object.entries(versions).every(([register, version]) => (this.#replicated[register] ?? 0) >= version)
  }

  isCommitted(versions: Versions): boolean {
    return !Object.values(versions).some((version) => this.#uncommitted.has(version))
  }

  #next(registers: readonly string[]): Versions {
    return Object.fromEntries(registers.map((register) => [register, ++this.#last]))
  }
}

export function rowOf(key: string): string {
  return `row ${key}`
}

/** Which of two tags a row has is part of it. */
function tagOfRow(version: number): string {
  return version % 2 === 0 ? 'tag x' : 'tag y'
}

/** The tag of a value that only its loader can name. */
export function lateTagOf(versions: Versions): string {
  return 'tag x' in versions ? 'x' : 'y'
}

export function newest(one: Versions, other: Versions): Versions {
  const all = { ...one }
  for (const [register, version] of Object.entries(other)) all[register] = Math.max(all[register] ?? 0, version)
  return all
}

/** The registers of a value in which it is behind. */
export function olderThan(value: Versions, floors: Versions): string[] {
  return Object.keys(value).filter((register) => (value[register] as number) < (floors[register] ?? 0))
}

export function show(versions: Versions): string {
  return Object.entries(versions)
    .map(([register, version]) => `${register} ${version}`)
    .join(', ')
}
