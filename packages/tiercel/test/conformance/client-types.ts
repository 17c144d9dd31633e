/** Compiled, not run: the live clients of all packages are what the adapters take, without a cast. */

import type { createClient, createCluster, RedisClientType, RedisClusterType } from '@redis/client'
import type { GlideClient } from '@valkey/valkey-glide'
import type { Cluster as Cluster6, Redis as Redis6 } from 'ioredis'
import type { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import type { Redis as Valkey, Cluster as ValkeyCluster } from 'iovalkey'
import type { glideClient } from '../../src/client/glide.ts'
import type { ioredisClient } from '../../src/client/ioredis.ts'
import type { nodeRedisClient } from '../../src/client/node-redis.ts'

type Takes<F extends (live: never, ...rest: never[]) => unknown, Live extends Parameters<F>[0]> = Live

export type NodeRedisClients = [
  Takes<typeof nodeRedisClient, ReturnType<typeof createClient>>,
  Takes<typeof nodeRedisClient, ReturnType<typeof createCluster>>,
  Takes<typeof nodeRedisClient, RedisClientType>,
  Takes<typeof nodeRedisClient, RedisClusterType>,
]

export type IoredisClients = [
  Takes<typeof ioredisClient, Redis6>,
  Takes<typeof ioredisClient, Cluster6>,
  Takes<typeof ioredisClient, Redis5>,
  Takes<typeof ioredisClient, Cluster5>,
  Takes<typeof ioredisClient, Valkey>,
  Takes<typeof ioredisClient, ValkeyCluster>,
]

export type GlideClients = [Takes<typeof glideClient, GlideClient>]
