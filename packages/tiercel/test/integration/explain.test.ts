import { serverNames } from '@tiercel/test-servers'
import { describe, expect, test } from 'vitest'
import { commandCounts } from './command-counts.ts'
import { useLiveServer, warmUp } from './live-server.ts'

describe.each(serverNames)('on %s', (name) => {
  const onServer = useLiveServer(name)

  test('explain tells what the server has, in two MGETs and a PTTL', async () => {
    const cache = onServer.newCache('explain')
    const other = onServer.newCache('explain', { l1: false })
    await warmUp(cache)
    await other.set('k', 1, { ttl: '10m', grace: '10m', tags: ['t'] })
    // Until what the server told of the write itself has come.
    const tier = async (): Promise<string | undefined> => {
      await cache.get('k')
      return (await cache.explain('k')).serves?.tier
    }
    await expect.poll(tier).toBe('l1')
    const before = await commandCounts(onServer.admin)
    const told = await cache.explain('k')
    const after = await commandCounts(onServer.admin)
    expect([after.total('mget') - before.total('mget'), after.total('pttl') - before.total('pttl')]).toEqual([2, 1])
    expect(told).toMatchObject({
      serves: { tier: 'l1', age: 'fresh' },
      l1: { kind: 'value', doubts: [] },
      l2: { kind: 'value', age: 'fresh' },
      link: { isUp: true, boundMs: 1_000 },
    })
    if (told.l2.kind !== 'value') throw new Error('no value')
    expect(told.l2.serverTtlMs).toBeGreaterThan(1_100_000)
    expect(told.l2.ttlLeftMs).toBeGreaterThan(500_000)
    expect(told.l2.ageMs).toBeLessThan(60_000)
    expect(told.l2.tags.map(({ name, state }) => [name, state])).toEqual([
      ['', 'same'],
      ['t', 'same'],
    ])
    await other.invalidateTag('t')
    const gone = await other.explain('k')
    expect([gone.serves, gone.verdict]).toEqual([null, 'get finds nothing and getOrSet loads: tag "t" was invalidated.'])
    await other.mutate('k', async () => {
      expect((await other.explain('k')).l2).toMatchObject({ kind: 'fence', isContended: false, owners: [{ owner: expect.any(String) }] })
    })
    expect((await other.explain('nothing')).l2).toEqual({ kind: 'nothing' })
  })
})
