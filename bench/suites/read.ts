import type { Suite } from '../runner/suite.ts'
import type { OpenCache, OpenStore } from '../subjects/subject.ts'
import type { ClientName, Values } from '../subjects/tiercel.ts'
import { l1Hit } from '../trials/l1-hit.ts'
import { l2Hit } from '../trials/l2-hit.ts'
import { oneLoad } from '../trials/one-load.ts'
import { storeGet } from '../trials/store-get.ts'

const tiercelOn =
  (client: ClientName, values: Values = 'freeze'): OpenCache =>
  async (setup) =>
    (await import('../subjects/tiercel.ts')).openTiered(client, setup, values)

const tiercelStoreOn =
  (client: ClientName): OpenStore =>
  async (url) =>
    (await import('../subjects/tiercel.ts')).openStore(client, url)

const inMemory: Record<string, OpenCache> = {
  'hand-written': async (setup) => (await import('../subjects/hand-written.ts')).openMemory(setup),
  tiercel: async (setup) => (await import('../subjects/tiercel.ts')).openMemory(setup, 'freeze'),
  'tiercel L1+L2': tiercelOn('ioredis 5'),
  bentocache: async (setup) => (await import('../subjects/bentocache.ts')).openMemory(setup, 'serialize'),
  'bentocache shared': async (setup) => (await import('../subjects/bentocache.ts')).openMemory(setup, 'share'),
  'async-cache-dedupe': async (setup) => (await import('../subjects/async-cache-dedupe.ts')).openMemory(setup),
  cachified: async (setup) => (await import('../subjects/cachified.ts')).openMemory(setup),
  cacheable: async (setup) => (await import('../subjects/cacheable.ts')).openMemory(setup),
  'cache-manager': async (setup) => (await import('../subjects/cache-manager.ts')).openMemory(setup),
}

const onServer: Record<string, OpenCache> = {
  'hand-written': async (setup) => (await import('../subjects/hand-written.ts')).openTiered(setup),
  'tiercel on ioredis 5': tiercelOn('ioredis 5'),
  'tiercel on ioredis 5 shared': tiercelOn('ioredis 5', 'share'),
  'tiercel on node-redis 6': tiercelOn('node-redis 6'),
  bentocache: async (setup) => (await import('../subjects/bentocache.ts')).openTiered(setup, 'serialize'),
  'bentocache shared': async (setup) => (await import('../subjects/bentocache.ts')).openTiered(setup, 'share'),
  'async-cache-dedupe': async (setup) => (await import('../subjects/async-cache-dedupe.ts')).openShared(setup),
  cachified: async (setup) => (await import('../subjects/cachified.ts')).openShared(setup),
  cacheable: async (setup) => (await import('../subjects/cacheable.ts')).openTiered(setup),
  'cache-manager': async (setup) => (await import('../subjects/cache-manager.ts')).openTiered(setup),
}

const clients: Record<string, OpenStore> = {
  'ioredis 6': async (url) => (await import('../subjects/ioredis.ts')).openStore(url),
  'ioredis 6 autopipelining': async (url) => (await import('../subjects/ioredis.ts')).openAutoPipelined(url),
  'tiercel on ioredis 6': tiercelStoreOn('ioredis 6'),
  'node-redis 6': async (url) => (await import('../subjects/node-redis.ts')).openStore(url),
  'tiercel on node-redis 6': tiercelStoreOn('node-redis 6'),
  iovalkey: async (url) => (await import('../subjects/ioredis.ts')).openIovalkey(url),
  'tiercel on iovalkey': tiercelStoreOn('iovalkey'),
}

export const suite: Suite = {
  name: 'read',
  summary: 'what a read costs: from memory, from the server, through a client; and that a missing key is loaded once',
  needsServer: true,
  trials: [l1Hit(inMemory), l2Hit(onServer), storeGet(clients), oneLoad(onServer)],
  checks: [
    { kind: 'ratio', name: 'L1 hit against hand-written', figure: 'l1-hit', subject: 'tiercel', against: 'hand-written', atLeast: 0.6 },
    { kind: 'ratio', name: 'L1 hit against bentocache', figure: 'l1-hit', subject: 'tiercel', against: 'bentocache', atLeast: 30 },
    {
      kind: 'ratio',
      name: 'L1 hit against async-cache-dedupe',
      figure: 'l1-hit',
      subject: 'tiercel',
      against: 'async-cache-dedupe',
      atLeast: 4,
    },
    {
      kind: 'ratio',
      name: 'L2 hit against bentocache L1+L2',
      figure: 'l2-hit',
      subject: 'tiercel on ioredis 5',
      against: 'bentocache',
      atLeast: 3,
    },
    {
      kind: 'ratio',
      name: 'store GET against ioredis 6',
      figure: 'store-get',
      subject: 'tiercel on ioredis 6',
      against: 'ioredis 6',
      atLeast: 2.5,
    },
    {
      kind: 'ratio',
      name: 'store GET against node-redis 6',
      figure: 'store-get',
      subject: 'tiercel on node-redis 6',
      against: 'node-redis 6',
      atLeast: 1.3,
    },
    { kind: 'exactly', name: 'loads for 1,000 callers of a missing key', figure: 'loads', subject: 'tiercel on ioredis 5', value: 1 },
  ],
}
