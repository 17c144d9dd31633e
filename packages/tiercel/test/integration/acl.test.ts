import { readFileSync } from 'node:fs'
import { type RunningServer, serverNames } from '@tiercel/test-servers'
import type { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Cache, type CacheOptions, type CoherenceMode, createCache, valkeyStore } from '../../src/index.ts'
import { clientPackages } from '../conformance/live-clients.ts'
import { serversAtLength } from '../test-size.ts'
import { endsAt, openServer } from './ends.ts'
import { warmUp } from './live-server.ts'

const line = readFileSync(new URL('../../tiercel.acl', import.meta.url), 'utf8')
  .split('\n')
  .find((each) => each.startsWith('user ')) as string
const soon = { timeout: 8_000, interval: 10 }
const modes: readonly CoherenceMode[] = ['broadcast', 'default', 'optin', 'bus']

describe.each(serversAtLength(serverNames))('the user of tiercel.acl on %s', (name) => {
  let server: RunningServer
  let admin: Redis
  const ends = endsAt(afterEach)

  beforeEach(async () => {
    ;({ server, admin } = await openServer(name, ends))
  })

  const urlOf = (user: string, password: string): string => server.url.replace('://', `://${user}:${password}@`)

  async function allow(rules: string): Promise<string> {
    const [user = '', ...words] = rules.split(' ').slice(1)
    expect(String(await admin.call('ACL', 'SETUSER', user, ...words))).toBe('OK')
    return urlOf(user, 'change-this-password')
  }

  async function newCache(client: (typeof clientPackages)[number], url: string, options: CacheOptions): Promise<Cache> {
    const live = await client.standalone(url)
    const cache = createCache({ l2: valkeyStore(live.live, { timeout: '5s', connectTimeout: '10s' }), namespace: 'shop', ...options })
    ends.push(
      () => live.end(),
      () => cache.close(),
    )
    cache.on((event) => {
      if (event.type === 'store.failed' || event.type === 'link.refused') refused.push(event.error)
    })
    return cache
  }

  const refused: unknown[] = []

  test.each(clientPackages.flatMap((client) => modes.map((mode) => [client.name, mode, client] as const)))(
    'is enough for everything that a cache does, by %s in the mode %s',
    async (_, mode, client) => {
      refused.length = 0
      const url = await allow(line)
      const a = await newCache(client, url, { coherence: { mode } })
      const b = await newCache(client, url, { l1: false, coherence: { mode } })
      await warmUp(a)
      const changes = [
        () => b.set('k', 'new', { tags: ['t'] }),
        () => b.delete('k'),
        () => b.expire('k'),
        () => b.invalidateTag('t'),
        () => b.expireTag('t'),
        () => b.mutate('k', () => undefined),
        () => b.clear(),
        () => b.admin.deleteByPrefix('k'),
      ]
      for (const change of changes) {
        await b.set('k', 'old', { tags: ['t'] })
        await expect.poll(() => a.get('k'), soon).toBe('old')
        await change()
        await expect.poll(() => a.get('k'), soon).not.toBe('old')
      }
      expect(await a.getOrSet('loaded', () => 1, { tags: ['t'], grace: '1m', refreshAhead: 0.5 })).toBe(1)
      await expect(a.getOrSet('failing', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
      expect(await a.getOrSetMany(['x', 'y'], (keys) => keys.map(() => 2))).toEqual([2, 2])
      await a.idle()
      expect(await a.getOrSet('loaded', () => 3, { forceFresh: true })).toBe(3)
      await a.idle()
      expect((await a.explain('loaded')).l2).toMatchObject({ kind: 'value', age: 'fresh' })
      expect(refused).toEqual([])
    },
  )

  test('can do nothing else, and reach nothing else', async () => {
    await allow(line)
    await admin.set('other', 'secret')
    const user = admin.duplicate({ username: 'tiercel', password: 'change-this-password' })
    ends.push(() => user.disconnect())
    for (const words of [
      ['GET', 'other'],
      ['SET', 'other', 'x'],
      ['DEL', 'other'],
      ['EVAL', "return redis.call('GET', 'other')", '0'],
      ['PUBLISH', 'news', 'x'],
    ]) {
      await expect(user.call(words[0] as string, ...words.slice(1)), words.join(' ')).rejects.toThrow(/NOPERM|permission|ACL/i)
    }
    for (const words of [
      ['KEYS', '*'],
      ['FLUSHALL'],
      ['FLUSHDB'],
      ['CONFIG', 'GET', '*'],
      ['DEBUG', 'SLEEP', '0'],
      ['ACL', 'LIST'],
      ['MONITOR'],
      ['SHUTDOWN'],
      ['CLIENT', 'KILL', 'ID', '1'],
      ['SCRIPT', 'FLUSH'],
      ['FUNCTION', 'LIST'],
    ]) {
      await expect(user.call(words[0] as string, ...words.slice(1)), words.join(' ')).rejects.toThrow(/NOPERM/)
    }
  })

  test('may be kept to one namespace', async () => {
    const narrow = line.replace('~tc1:* ~tiercel:probe &tc1:*', '~tc1:?:shop:* ~tc1:?:{shop:}* &tc1:b:shop*')
    expect(narrow).not.toBe(line)
    const url = await allow(narrow)
    refused.length = 0
    const client = clientPackages[0] as (typeof clientPackages)[number]
    for (const mode of ['broadcast', 'bus'] as const) {
      const cache = await newCache(client, url, { coherence: { mode } })
      await warmUp(cache)
      expect(await cache.getOrSet('k', () => 1, { tags: ['t'] })).toBe(1)
      expect(await cache.invalidateTag('t')).toBe('applied')
      expect(await cache.mutate('k', () => 2)).toEqual({ result: 2, outcome: 'applied' })
      expect(refused).toEqual([])
    }
    const foreign = await newCache(client, url, { namespace: 'other', l1: false })
    await expect(foreign.set('k', 1)).rejects.toMatchObject({ reply: 'NOPERM' })
  })
})
