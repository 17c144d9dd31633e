/** What a door may cost whoever bundles it: minified, not compressed, with everything it brings in but Node's own modules. */
export interface Ceiling {
  readonly maxBytes: number
  /** Why it is what it is. A raise replaces the reason. */
  readonly because: string
}

export const ceilings: Readonly<Record<string, Ceiling>> = {
  tiercel: {
    maxBytes: 230_000,
    because:
      'cache with leases, ages, schemas, fences, resources, batches and memoized functions 59 kB, writes to sources 7 kB, tags, changes, the journal, reads from replicas and the five modes of coherence 21 kB, codecs 14 kB, stores and scripts 13 kB, W-TinyLFU and expiry 15 kB, kernel 12 kB, `explain` with its verdicts and its text 11 kB, admin operations 4 kB, breakers, limits and health 12 kB, options and checks of links and servers 6 kB, and 42 kB of adapters: a client is recognised when it is handed in',
  },
  'tiercel/client': {
    maxBytes: 50_000,
    because: 'all adapters with cluster, new links, tracking and subscriptions; 7 kB of it are GLIDE, 4 kB the links by URL',
  },
  'tiercel/client/glide': { maxBytes: 24_000, because: 'one adapter, and what all adapters share' },
  'tiercel/client/ioredis': { maxBytes: 26_000, because: 'one adapter with cluster, new links, tracking and subscriptions' },
  'tiercel/client/node-redis': {
    maxBytes: 25_000,
    because: 'one adapter with cluster, new links, tracking and subscriptions',
  },
  'tiercel/stores/memory': {
    maxBytes: 22_500,
    because: 'the memory of L1 with its eviction and expiry, alone and behind the store contract with its fences and tags',
  },
  'tiercel/stores/valkey': {
    maxBytes: 82_000,
    because:
      'all adapters, since a client is recognised when it is handed in, the scripts of fences and tags, the admin operations, which are 5 kB, deadlines, breakers and limits, which are 10 kB, and links by URL and what servers are asked, which are 6 kB',
  },
  'tiercel/codecs': {
    maxBytes: 15_500,
    because: 'JSON and structured 7 kB, seals 3 kB, compressions and the hooks of other packages 3 kB',
  },
  'tiercel/sources': { maxBytes: 5_000, because: 'types, one check and the clause for hand-written upserts; 2 kB are errors' },
  'tiercel/sources/fetch': { maxBytes: 6_500, because: 'one source and the checks of its options; 2 kB are errors' },
  'tiercel/sources/kysely': {
    maxBytes: 11_000,
    because: 'what SQL sources share, with the checks of their options, 6 kB; statements for three dialects',
  },
  'tiercel/sources/pg': { maxBytes: 11_000, because: 'what SQL sources share, with the checks of their options, 6 kB; statements' },
  'tiercel/testing': {
    maxBytes: 69_000,
    because:
      'the fault proxy with its rules, its scripts and their checks, and readers of RESP 29 kB, the checker of histories, its recorder and its texts 11 kB, the suites of stores and clients 24 kB, the fake clock 1 kB',
  },
  'tiercel/write-behind': {
    maxBytes: 119_000,
    because:
      'all adapters, since a client is recognised when it is handed in, 46 kB, partitioned streams with their scripts and workers 25 kB, links with deadlines, breakers and limits 22 kB, writes, sources and options 14 kB, the structured codec 5 kB, kernel 5 kB',
  },
  'tiercel/verify': { maxBytes: 8_000, because: 'the verifier and the checks of its options; the cache is handed in' },
}

/** Text that must not be in a bundle: each stands for something that has a door of its own. */
export const mustNotAppear: Readonly<Record<string, readonly string[]>> = {
  tiercel: [
    'leaderboard',
    'rate-limit',
    'semantic',
    'otel',
    'fastify',
    'describe(',
    'createCipheriv',
    'createHmac',
    'brotliCompressSync',
    '$bigint',
  ],
  'tiercel/client': ['createCache', 'Arena', 'leaderboard'],
  'tiercel/client/glide': ['createCache', 'Arena', 'commandsExecutor', 'enableReadyCheck'],
  'tiercel/client/ioredis': ['createCache', 'Arena', 'commandsExecutor'],
  'tiercel/client/node-redis': ['createCache', 'Arena', 'enableReadyCheck'],
  'tiercel/codecs': ['createCache', 'Arena', 'EVALSHA', 'TRACKING'],
  'tiercel/stores/memory': ['createCache', 'EVALSHA', 'TRACKING'],
  'tiercel/stores/valkey': ['createCache', 'Arena', 'leaderboard'],
  'tiercel/sources': ['createCache', 'EVALSHA'],
  'tiercel/sources/fetch': ['createCache', 'insert into', 'EVALSHA'],
  'tiercel/sources/kysely': ['createCache', 'insert into', 'if-none-match', 'EVALSHA'],
  'tiercel/sources/pg': ['createCache', 'onDuplicateKeyUpdate', 'if-none-match', 'EVALSHA'],
  'tiercel/testing': ['createCache', 'Arena', 'TRACKING'],
  'tiercel/verify': ['createCache', 'Arena', 'EVALSHA', 'TRACKING'],
  'tiercel/write-behind': ['createCache', 'Arena', 'leaderboard'],
}
