/** The servers tests are run against: what each is for is said in the README of this package. */
export type ServerName = 'valkey-8.0' | 'valkey-9.1' | 'redis-8.0'

export const serverNames: readonly ServerName[] = ['valkey-8.0', 'valkey-9.1', 'redis-8.0']

export type ServerKind = 'valkey' | 'redis'

/** Where a server comes from and which versions may stand for it. */
export type CatalogueEntry = {
  readonly name: ServerName
  readonly kind: ServerKind
  readonly label: string
  /** Environment variable that names a binary to use instead of looking for one. */
  readonly variable: string
  /** Suites of the Debian archive, the one that has the server first. */
  readonly suites: readonly [string, ...string[]]
  /** The package with the program: the `-server` packages hold only a link into the `-tools` packages. */
  readonly package: string
  accepts(version: string): boolean
}

export const catalogue: Readonly<Record<ServerName, CatalogueEntry>> = {
  'valkey-8.0': {
    name: 'valkey-8.0',
    kind: 'valkey',
    label: 'Valkey 8.0',
    variable: 'TIERCEL_SERVER_VALKEY_8_0',
    suites: ['bookworm-backports', 'bookworm'],
    package: 'valkey-tools',
    accepts: (version) => version.startsWith('8.0.'),
  },
  'valkey-9.1': {
    name: 'valkey-9.1',
    kind: 'valkey',
    label: 'Valkey 9.1',
    variable: 'TIERCEL_SERVER_VALKEY_9_1',
    suites: ['sid'],
    package: 'valkey-tools',
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
    accepts: (version) => version.startsWith('8.0.'),
  },
}
