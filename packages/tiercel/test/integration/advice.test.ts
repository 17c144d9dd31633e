import { readFileSync } from 'node:fs'
import { type RunningServer, serverNames, startCluster, startReplicated } from '@tiercel/test-servers'
import { afterEach, describe, expect, test } from 'vitest'
import { type Cache, type CacheEvent, createCache, valkeyStore } from '../../src/index.ts'
import { packagesOn, standalonePackages } from '../conformance/live-clients.ts'
import { endsAt, openServer } from './ends.ts'

const patience = { timeout: '5s', connectTimeout: '10s' } as const
const soon = { timeout: 10_000, interval: 10 }
const ends = endsAt(afterEach)

interface Asked {
  readonly cache: Cache
  readonly events: CacheEvent[]
  codes(): string[]
}

/** A cache with its first link. */
async function ask(source: object | string): Promise<Asked> {
  const cache = createCache({ l2: valkeyStore(source, patience), coherence: { mode: 'off' } })
  ends.push(() => cache.close())
  const events: CacheEvent[] = []
  cache.on((event) => void (event.type === 'advice.given' && events.push(event)))
  await cache.get('k')
  return { cache, events, codes: () => cache.health().advice.map(({ code }) => code) }
}

describe.each(serverNames)('%s', (name) => {
  test('is asked how it is set up, once, and what is found is told and stays in health, which is ok', async () => {
    const { server, admin } = await openServer(name, ends)
    const { cache, events, codes } = await ask(server.url)
    await expect.poll(codes, soon).toEqual(['no-memory-limit'])
    expect(cache.health()).toMatchObject({
      status: 'ok',
      problems: [],
      advice: [{ node: '', found: expect.stringContaining('maxmemory:0') }],
    })
    expect(events).toEqual(cache.health().advice.map((advice) => ({ type: 'advice.given', ...advice })))
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await expect.poll(() => cache.get('k').then(() => cache.health().status), soon).toBe('ok')
    const asked = await admin.info('commandstats')
    expect(/cmdstat_eval:calls=(\d+)/.exec(asked)?.[1]).toBe('1')
    expect(events).toHaveLength(1)
  })

  test.each([
    ['noeviction', ['no-eviction']],
    ['allkeys-random', ['evicts-fences']],
    ['volatile-ttl', ['evicts-fences']],
    ['allkeys-lfu', []],
    ['volatile-lru', []],
  ])('evicting by %s: %j', async (policy, expected) => {
    const { server, admin } = await openServer(name, ends)
    await admin.config('SET', 'maxmemory', '100mb')
    await admin.config('SET', 'maxmemory-policy', policy)
    // Of which one thing is always found: so it is known when the server has been asked.
    await admin.call('ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '&*', '+@all', '-eval')
    const { codes } = await ask(server.url.replace('://', '://reader:secret@'))
    await expect.poll(codes, soon).toEqual([...expected, 'no-scripts'])
  })

  test('a user that may not run scripts, or not ask how the server is', async () => {
    const { server, admin } = await openServer(name, ends)
    await admin.call('ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '&*', '+@all', '-eval', '-info')
    const { codes, cache } = await ask(server.url.replace('://', '://reader:secret@'))
    await expect.poll(codes, soon).toEqual(['no-scripts'])
    expect(cache.health().advice[0]?.found).toMatch(/NOPERM|permission/)
  })
})

test.each(standalonePackages)('the user of tiercel.acl may ask: $name', async ({ name, standalone }) => {
  if (name === 'GLIDE') return
  const { server, admin } = await openServer('valkey-9.1', ends)
  const line = readFileSync(new URL('../../tiercel.acl', import.meta.url), 'utf8').match(/^user (.*)$/m)?.[1] as string
  await admin.call('ACL', 'SETUSER', ...line.split(' '))
  await admin.call('ACL', 'LOG', 'RESET')
  const { live, end } = await standalone(server.url.replace('://', '://tiercel:change-this-password@'))
  ends.push(end)
  const { codes } = await ask(live)
  await expect.poll(codes, soon).toEqual(['no-memory-limit'])
  expect(await admin.call('ACL', 'LOG')).toEqual([])
})

test('a replica in the place of its primary', async () => {
  const topology = await startReplicated({ server: 'valkey-9.1', replicas: 1 })
  ends.push(() => topology.stop())
  const { codes } = await ask((topology.replicas[0] as RunningServer).url)
  await expect.poll(codes, soon).toContain('replica')
})

test('a cluster: what one node is found with is said once, and a client that takes a node for a server of its own is told', async () => {
  const cluster = await startCluster({ server: 'valkey-9.1', primaries: 3 })
  ends.push(() => cluster.stop())
  for (const { open } of packagesOn('cluster')) {
    const { live, end } = await open(cluster.urls)
    ends.push(end)
    const { cache, codes } = await ask(live)
    await expect.poll(codes, soon).toEqual(['no-memory-limit'])
    expect(cluster.nodes.map(({ host, port }) => `${host}:${port}`)).toContain(cache.health().advice[0]?.node)
  }
  const { codes } = await ask(cluster.urls[0] as string)
  await expect.poll(codes, soon).toContain('one-of-a-cluster')
})
