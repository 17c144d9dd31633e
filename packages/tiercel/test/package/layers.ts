/**
 * The house as data: the one place that says which folder of `src` may import which. ARCHITECTURE.md shows the same table and is
 * held against this one.
 */
export interface Layer {
  readonly level: number
  readonly folders: readonly string[]
  readonly holds: string
}

/** A folder may import folders of lower levels and itself: never up, never sideways. */
export const layers: readonly Layer[] = [
  { level: 0, folders: ['kernel'], holds: 'clock, durations, keys, hashes, errors and their codes' },
  {
    level: 1,
    folders: ['telemetry', 'codecs', 'resilience', 'client', 'sources'],
    holds:
      'events and counters; bytes and values; flights, deadlines and breakers; the port to Valkey and its adapters; where values come from and go to',
  },
  { level: 2, folders: ['stores'], holds: 'the store contract, memory and Valkey stores' },
  {
    level: 3,
    folders: ['coherence', 'streams'],
    holds: 'tags, changes by others, the journal: what keeps L1 honest; partitioned streams with one fenced owner each',
  },
  { level: 4, folders: ['cache'], holds: 'policy, read path, write path, `createCache`' },
  { level: 5, folders: ['patterns', 'recipes', 'ai', 'http'], holds: 'what is built on a cache or beside it' },
  { level: 6, folders: ['integrations', 'testing'], holds: 'hosts; suites and fakes for implementers' },
]

/** Edges that go down and are refused all the same. */
export const refusedEdges: readonly { readonly from: string; readonly to: string; readonly because: string }[] = [
  { from: 'recipes', to: 'cache', because: 'a session store should not drag in a tier stack' },
]

/** `src/index.ts` is the golden path: it may show what is at this level or lower, so that nobody pays for what he did not import. */
export const rootLevel = 4

/** Names that say nothing about what is inside. */
export const bannedNames: readonly string[] = ['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'types', 'manager', 'base']

/**
 * Files that load a package at run time when the user asks for it (a URL instead of a live client), by a name that is computed, so
 * that no bundler follows it. Everything else that is not part of Node is handed in and met through a structural type.
 */
export const loadsOnDemand: readonly string[] = ['client/connect.ts']

/** Workspaces that live on the published doors alone, as a user does. */
export const doorUsers: readonly string[] = ['apps/lab', 'bench', 'examples', 'packages/cli', 'packages/workloads', 'packages/test-servers']
