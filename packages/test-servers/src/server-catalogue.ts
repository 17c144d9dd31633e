/** The servers tests are run against: what each is for is said in the README of this package. */
export type ServerName = 'valkey-8.0' | 'valkey-9.1' | 'redis-8.0'

export const serverNames: readonly ServerName[] = ['valkey-8.0', 'valkey-9.1', 'redis-8.0']

export type ServerKind = 'valkey' | 'redis'

/** Where a program comes from and which versions may stand for it. */
export type ProgramEntry = {
  readonly name: string
  readonly label: string
  /** Environment variable that names a binary to use instead of looking for one. */
  readonly variable: string
  /** Suites of the Debian archive, the one that has the server first. */
  readonly suites: readonly [string, ...string[]]
  readonly package: string
  /** Programs of the package, as they are called there below `usr` and in the cache; the server first. */
  readonly programs: readonly [readonly [from: string, name: string], ...(readonly [from: string, name: string])[]]
  /** Files below `usr` that the server reads, and their folders. Default: none. */
  readonly shared?: readonly string[]
  accepts(version: string): boolean
}

export type CatalogueEntry = ProgramEntry & { readonly name: ServerName; readonly kind: ServerKind }

/** Debian ships one program under several names and picks the role by the name it is called with. The `-server` packages hold only a link into the `-tools` packages. */
function programsOf(kind: ServerKind): ProgramEntry['programs'] {
  return [
    [`bin/${kind}-check-rdb`, `${kind}-server`],
    [`bin/${kind}-cli`, `${kind}-cli`],
    [`bin/${kind}-benchmark`, `${kind}-benchmark`],
  ]
}

export const catalogue: Readonly<Record<ServerName, CatalogueEntry>> = {
  'valkey-8.0': {
    name: 'valkey-8.0',
    kind: 'valkey',
    label: 'Valkey 8.0',
    variable: 'TIERCEL_SERVER_VALKEY_8_0',
    suites: ['bookworm-backports', 'bookworm'],
    package: 'valkey-tools',
    programs: programsOf('valkey'),
    accepts: (version) => version.startsWith('8.0.'),
  },
  'valkey-9.1': {
    name: 'valkey-9.1',
    kind: 'valkey',
    label: 'Valkey 9.1',
    variable: 'TIERCEL_SERVER_VALKEY_9_1',
    suites: ['sid'],
    package: 'valkey-tools',
    programs: programsOf('valkey'),
    // sid rolls on: a later 9.x has everything that is tested on 9.1.
    accepts: (version) => /^9\.([1-9]|\d\d+)\./.test(version),
  },
  'redis-8.0': {
    name: 'redis-8.0',
    kind: 'redis',
    label: 'Redis 8.0',
    variable: 'TIERCEL_SERVER_REDIS_8_0',
    suites: ['trixie'],
    package: 'redis-tools',
    programs: programsOf('redis'),
    accepts: (version) => version.startsWith('8.0.'),
  },
}
