import { describe, expect, test } from 'vitest'
import { adviseOn, adviseOnLog } from './server-advice.ts'

const info = (fields: Record<string, string>): string =>
  `# Server\r\n${Object.entries(fields)
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join('')}`
const good = {
  valkey_version: '8.0.3',
  redis_version: '7.2.4',
  redis_mode: 'standalone',
  role: 'master',
  maxmemory: '1',
  maxmemory_policy: 'allkeys-lfu',
}
const codesOf = (fields: Record<string, string>, isCluster = false, scriptError?: string): string[] =>
  adviseOn({ info: info({ ...good, ...fields }), scriptError, isCluster }).map(({ code }) => code)

describe('adviseOn', () => {
  test('has nothing to say of a server as it should be, or of one that says nothing', () => {
    expect(codesOf({})).toEqual([])
    expect(adviseOn({ info: '', scriptError: undefined, isCluster: false })).toEqual([])
  })

  test.each([
    ['valkey', '7.2.0', []],
    ['valkey', '9.1.2', []],
    ['redis', '7.2.4', []],
    ['redis', '10.0.0', []],
    ['redis', '7.0.15', ['old-server']],
    ['redis', '6.2.14', ['old-server']],
  ])('of the version of %s %s: %j', (flavour, version, codes) => {
    const { valkey_version: _, ...redis } = good
    const text = info(flavour === 'redis' ? { ...redis, redis_version: version } : { ...good, valkey_version: version })
    expect(adviseOn({ info: text, scriptError: undefined, isCluster: false }).map(({ code }) => code)).toEqual(codes)
  })

  test.each([
    ['0', 'noeviction', ['no-memory-limit']],
    ['0', 'allkeys-lru', ['no-memory-limit']],
    ['100', 'noeviction', ['no-eviction']],
    ['100', 'allkeys-lru', []],
    ['100', 'allkeys-lfu', []],
    ['100', 'volatile-lru', []],
    ['100', 'volatile-lfu', []],
    ['100', 'allkeys-random', ['evicts-fences']],
    ['100', 'volatile-random', ['evicts-fences']],
    ['100', 'volatile-ttl', ['evicts-fences']],
  ])('of maxmemory %s with %s: %j', (maxmemory, policy, codes) => {
    expect(codesOf({ maxmemory, maxmemory_policy: policy })).toEqual(codes)
  })

  test.each([
    ['0', 'allkeys-lru', []],
    ['100', 'allkeys-lru', ['evicts-writes']],
    ['100', 'allkeys-random', ['evicts-writes']],
    ['100', 'volatile-ttl', []],
    ['100', 'noeviction', []],
  ])('for a log of writes, of maxmemory %s with %s: %j', (maxmemory, policy, codes) => {
    expect(adviseOnLog(info({ ...good, maxmemory, maxmemory_policy: policy })).map(({ code }) => code)).toEqual(codes)
  })

  test('of a replica, of one node of a cluster, of scripts that are not allowed', () => {
    expect(codesOf({ role: 'slave' })).toEqual(['replica'])
    expect(codesOf({ redis_mode: 'cluster' })).toEqual(['one-of-a-cluster'])
    expect(codesOf({ redis_mode: 'cluster' }, true)).toEqual([])
    expect(codesOf({}, false, 'NOPERM')).toEqual(['no-scripts'])
  })
})
