import { ask, type RunningServer } from '@tiercel/test-servers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { adaptClient } from '../../src/client/adapt.ts'
import type { Client } from '../../src/client/client.ts'
import { type Admin, type AdminProgress, createAdmin } from '../../src/stores/admin/admin.ts'
import { onAll } from './client-server-view.ts'
import type { LiveClient } from './live-clients.ts'

/** Without escapes this namespace would match its neighbours. */
const prefix = 'tc1:e:sh[a-z]p*\\?:'
const neighbours = [
  'tc1:e:shop:1',
  'tc1:e:shap-:1',
  'tc1:e:sh[a-z]p*\\?',
  'tc1:e:sh[a-z]p*\\?2:1',
  'xtc1:e:sh[a-z]p*\\?:1',
  'tc1:t:sh[a-z]p*\\?:1',
]
const hostile = ['*', '?', '[', ']', '[^a]', '\\', '\\*', '{}', '{a', 'line\nbreak', '__proto__', 'constructor', 'é🔑', '%2A', 'a*c', 'abc']

/** What `createAdmin` promises, for one client package on one topology. */
export function adminSuite(name: string, nodes: () => readonly RunningServer[], open: () => Promise<LiveClient>): void {
  describe(name, () => {
    let live: LiveClient
    let client: Client
    let admin: Admin

    const put = (paths: readonly string[], value = 'V') =>
      client.batch(paths.map((path) => ({ words: ['SET', prefix + path, value], key: prefix + path })))
    const left = async (): Promise<string[]> =>
      (await onAll(nodes(), ['KEYS', '*'])).flatMap((keys) => (keys as unknown[]).map(String)).sort()
    const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `product:${index}`)

    beforeEach(async () => {
      await onAll(nodes(), ['FLUSHALL'])
      live = await open()
      client = adaptClient(live.live)
      await client.ready()
      await client.batch(neighbours.map((key) => ({ words: ['SET', key, 'theirs'], key })))
      admin = createAdmin({ client: async () => client, prefix })
    })
    afterEach(async () => {
      await client.close()
      await live.end()
    })

    it('finds every key on every primary, each once', async () => {
      const paths = [...hostile, ...many(1000)]
      await put(paths)
      expect((await admin.keys({ count: 50 })).sort()).toEqual(paths.sort())
      expect(await admin.keys({ pattern: 'product:99?' })).toHaveLength(10)
      expect((await admin.keys({ prefix: 'product:99' })).sort()).toEqual([
        'product:99',
        ...Array.from({ length: 10 }, (_, index) => `product:99${index}`),
      ])
    })

    it('finds them one by one, and stops when nobody asks any more', async () => {
      await put(many(1000))
      const found: string[] = []
      for await (const path of admin.scan({ count: 10 })) {
        found.push(path)
        if (found.length === 20) break
      }
      expect(new Set(found).size).toBeGreaterThan(10)
      expect(await callsOf('scan')).toBeLessThan(60)
    })

    it('knows no other types than those that entries have', async () => {
      await client.send({ words: ['LPUSH', `${prefix}list`, 'v'], key: `${prefix}list` })
      expect(await admin.keys()).toEqual([])
    })

    it.each(hostile)('deletes by the prefix %j what begins so, and nothing else', async (path) => {
      await put(hostile)
      const going = hostile.filter((other) => other.startsWith(path))
      expect(await admin.deleteByPrefix(path)).toEqual({ deleted: going.length, fenced: 0 })
      const staying = hostile.filter((other) => !other.startsWith(path))
      expect(await left()).toEqual([...neighbours, ...staying.map((other) => prefix + other)].sort())
    })

    it.each([
      { pattern: '*', going: hostile },
      { pattern: 'a?c', going: ['a*c', 'abc'] },
      { pattern: 'a\\*c', going: ['a*c'] },
      { pattern: '[a-b]*', going: ['a*c', 'abc'] },
      { pattern: '\\[*', going: ['[', '[^a]'] },
      { pattern: 'tc1:*', going: [] },
      { pattern: '', going: [] },
    ])('deletes by the pattern $pattern what matches as a path', async ({ pattern, going }) => {
      await put(hostile)
      expect(await admin.deleteByPattern(pattern)).toEqual({ deleted: going.length, fenced: 0 })
      const staying = hostile.filter((path) => !going.includes(path))
      expect(await left()).toEqual([...neighbours, ...staying.map((path) => prefix + path)].sort())
    })

    it('deletes everything of the namespace, in batches, and says how far it is', async () => {
      await put(many(2000))
      const progress: AdminProgress[] = []
      const deleted = await admin.deleteByPrefix('', { count: 200, onProgress: (now) => progress.push(now) })
      expect(deleted).toEqual({ deleted: 2000, fenced: 0 })
      expect(await callsOf('keys')).toBe(0)
      expect(await callsOf('del')).toBe(0)
      expect(await left()).toEqual([...neighbours].sort())
      expect(progress.length).toBeGreaterThanOrEqual(10)
      expect(progress.at(-1)).toEqual({ deleted: 2000, fenced: 0, nodesDone: nodes().length - 1, nodes: nodes().length })
    })

    it('leaves fences alone, and takes leases away', async () => {
      await put(['a', 'b'])
      await put(['fenced', 'fenced2'], 'F…')
      await put(['leased'], 'L…')
      expect(await admin.deleteByPattern('*')).toEqual({ deleted: 3, fenced: 2 })
      expect((await admin.keys()).sort()).toEqual(['fenced', 'fenced2'])
    })

    it('is ended by a signal, and what was deleted stays so', async () => {
      await put(many(1000))
      const controller = new AbortController()
      const reason = new Error('enough')
      const onProgress = ({ deleted }: AdminProgress): void => {
        if (deleted > 0) controller.abort(reason)
      }
      const outcome = admin.deleteByPrefix('', { count: 10, signal: controller.signal, onProgress })
      await expect(outcome).rejects.toBe(reason)
      const remaining = (await admin.keys()).length
      expect(remaining).toBeGreaterThan(0)
      expect(remaining).toBeLessThan(1000)
      await expect(admin.keys({ signal: controller.signal })).rejects.toBe(reason)
    })

    it('keeps to its rate', async () => {
      await put(many(100))
      const startedAtMs = performance.now()
      await admin.keys({ count: 10, maxPerSecond: 1000 })
      // The first call waits for nobody; a timer may be early by part of a millisecond.
      const leastMs = ((await callsOf('scan')) - 1) * 9
      expect(leastMs).toBeGreaterThan(40)
      expect(performance.now() - startedAtMs).toBeGreaterThan(leastMs)
    })

    it('begins again where links have changed', async () => {
      const paths = many(500)
      await put(paths)
      const found = new Set<string>()
      let isKilled = false
      const outcome = (async () => {
        for await (const path of admin.scan({ count: 20 })) {
          found.add(path)
          if (isKilled) continue
          isKilled = true
          for (const node of nodes()) await ask(node, ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
          await expect
            .poll(
              () =>
                client.send({ words: ['GET', 'a'], key: 'a' }).then(
                  () => true,
                  () => false,
                ),
              { timeout: 10_000 },
            )
            .toBe(true)
        }
      })()
      // The call that was under way may have been lost with its link; it is the caller's to begin again.
      const failure = await outcome.catch((error: unknown) => error)
      if (failure !== undefined) expect(failure).toMatchObject({ code: 'TIERCEL_STORE_UNAVAILABLE', retryable: true })
      else expect([...found].sort()).toEqual(paths.sort())
    })

    it.each([
      { options: { count: 0 } },
      { options: { count: 10_001 } },
      { options: { maxPerSecond: 0 } },
      { options: { prefix: 'a', pattern: 'b' } },
      { options: { prefix: 7 as never } },
      { options: { signal: {} as never } },
    ])('refuses $options', async ({ options }) => {
      await expect(admin.keys(options)).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION' })
    })

    it('refuses what it does not know', async () => {
      await expect(admin.keys({ match: 'a' } as never)).rejects.toMatchObject({ code: 'TIERCEL_UNKNOWN_OPTION' })
      await expect(admin.deleteByPrefix('a', { prefix: 'b' } as never)).rejects.toMatchObject({ code: 'TIERCEL_UNKNOWN_OPTION' })
      expect(() => createAdmin({ client: async () => client, prefix: '' })).toThrow(/everything on the server/)
    })

    async function callsOf(command: string): Promise<number> {
      const infos = await onAll(nodes(), ['INFO', 'commandstats'])
      const counts = infos.map((info) => new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(String(info))?.[1])
      return counts.reduce((sum, count) => sum + Number(count ?? 0), 0)
    }
  })
}
