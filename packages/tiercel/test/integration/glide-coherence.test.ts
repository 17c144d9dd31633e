import { ask, startStandalone } from '@tiercel/test-servers'
import { afterEach, describe, expect, test } from 'vitest'
import { type Cache, type CacheOptions, createCache, valkeyStore } from '../../src/index.ts'
import { killSideLinks } from '../conformance/client-server-view.ts'
import { openGlide } from '../conformance/live-clients.ts'
import { endsAt } from './ends.ts'
import { warmUp } from './live-server.ts'

const maxStaleness = 300
const soon = { timeout: 8_000, interval: 5 }

/** What a client that cannot be tracked falls back to. */
describe('on GLIDE', () => {
  const ends = endsAt(afterEach)

  async function start() {
    const server = await startStandalone({ server: 'valkey-9.1' })
    ends.push(() => server.stop())
    const newCache = async (options: CacheOptions): Promise<Cache> => {
      const live = await openGlide(server.url)
      const cache = createCache({ namespace: 'shop', l2: valkeyStore(live, { timeout: '5s', connectTimeout: '10s' }), ...options })
      ends.push(
        () => live.close(),
        () => cache.close(),
      )
      return cache
    }
    return { server, newCache }
  }

  test('tracking is refused, once, with what to use instead; L1 is served as with mode off', async () => {
    const { newCache } = await start()
    const a = await newCache({ coherence: { maxStaleness } })
    const b = await newCache({ l1: false, coherence: { mode: 'off' } })
    const refused: unknown[] = []
    a.on((event) => void (event.type === 'link.refused' && refused.push(event.error)))
    await b.set('k', 'old')
    await expect.poll(() => a.get('k').then(() => refused.length), soon).toBe(1)
    await b.set('k', 'new')
    await expect.poll(() => a.get('k'), soon).toBe('new')
    expect(refused).toMatchObject([{ code: 'TIERCEL_UNSUPPORTED', message: expect.stringContaining("mode: 'bus'") }])
  })

  test('the bus tells of changes, also after its links were killed', async () => {
    const { server, newCache } = await start()
    const coherence = { mode: 'bus', maxStaleness } as const
    const [a, b] = [await newCache({ coherence }), await newCache({ coherence })]
    await Promise.all([warmUp(a), warmUp(b)])
    for (const round of [1, 2, 3]) {
      await b.set('k', round, { tags: ['t'] })
      await expect.poll(() => a.get('k'), soon).toBe(round)
      await b.invalidateTag('t')
      await expect.poll(() => a.get('k'), soon).toBe(undefined)
      // Those that GLIDE has given up and not closed yet are killed with them.
      expect(await killSideLinks([server])).toBeGreaterThanOrEqual(2)
    }
  })

  test('nothing old is served for longer than maxStaleness, though all its links are killed and made again unheard', async () => {
    const { server, newCache } = await start()
    const a = await newCache({ coherence: { mode: 'bus', maxStaleness } })
    const b = await newCache({ l1: false, coherence: { mode: 'bus', maxStaleness } })
    await warmUp(a)
    for (const round of [1, 2, 3, 4, 5]) {
      await b.set('k', round)
      await expect.poll(() => a.get('k'), soon).toBe(round)
      for (const type of ['normal', 'pubsub']) await ask(server, ['CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes'])
      await expect.poll(() => b.set('k', -round).then(() => 'set', String), soon).toBe('set')
      const changedAtMs = performance.now()
      let found = await a.get('k')
      for (; found === round; found = await a.get('k')) {
        // Twice: what is measured here includes turns of a busy machine.
        expect(performance.now() - changedAtMs).toBeLessThan(2 * maxStaleness)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      // A miss, where the link was lost again with the question.
      await expect.poll(() => a.get('k'), soon).toBe(-round)
    }
  })
})
