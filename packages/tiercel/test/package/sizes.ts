/** What a door may cost whoever bundles it: minified, not compressed, with everything it brings in but Node's own modules. */
export interface Ceiling {
  readonly maxBytes: number
  /** Why it is what it is. A raise replaces the reason. */
  readonly because: string
}

export const ceilings: Readonly<Record<string, Ceiling>> = {
  tiercel: {
    maxBytes: 113_000,
    because:
      'cache with leases, ages and schemas 34 kB, formats 9 kB, resources, batches and memoized functions 13 kB, stores 12 kB, W-TinyLFU and expiry 9 kB, kernel 8 kB, and 20 kB of adapters: a client is recognised when it is handed in',
  },
  'tiercel/client': { maxBytes: 24_500, because: 'both adapters with cluster, tracking and subscriptions' },
  'tiercel/client/ioredis': { maxBytes: 14_500, because: 'one adapter with cluster, tracking and subscriptions' },
  'tiercel/client/node-redis': {
    maxBytes: 12_700,
    because: 'one adapter with cluster, tracking and subscriptions',
  },
  'tiercel/stores/memory': {
    maxBytes: 18_600,
    because: 'the memory of L1 with its eviction, which counts without branches, and expiry, alone and behind the store contract',
  },
  'tiercel/stores/valkey': { maxBytes: 33_500, because: 'both adapters, since a client is recognised when it is handed in' },
  'tiercel/codecs': {
    maxBytes: 15_500,
    because: 'JSON and structured 7 kB, seals 3 kB, compressions and the hooks of other packages 3 kB',
  },
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
  'tiercel/client/ioredis': ['createCache', 'Arena', 'commandsExecutor'],
  'tiercel/client/node-redis': ['createCache', 'Arena', 'enableReadyCheck'],
  'tiercel/codecs': ['createCache', 'Arena', 'EVALSHA', 'TRACKING'],
  'tiercel/stores/memory': ['createCache', 'EVALSHA', 'TRACKING'],
  'tiercel/stores/valkey': ['createCache', 'Arena', 'leaderboard'],
}
