import { createClient } from '@redis/client'
import { type ServerName, serverNames } from '@tiercel/test-servers'
import { afterEach, describe, expect, test } from 'vitest'
import { type Cache, createCache, valkeyStore } from '../../src/index.ts'
import { WorkerProcess } from '../fleet/worker-process.ts'
import type { DyingCall, DyingWriter } from './dying-writer.worker.ts'
import { endsAt, openProxy, openServer } from './ends.ts'
import { warmUp } from './live-server.ts'
import { rowsIn } from './rows-in.ts'

const fenceMs = 600
const soon = { timeout: 8_000, interval: 20 }
const ends = endsAt(afterEach)
const [old, fresh, newer] = [{ name: 'old' }, { name: 'new' }, { name: 'newer' }]

async function openRows(url: string) {
  const client = await createClient({ url }).connect()
  ends.push(() => client.destroy())
  const rows = rowsIn(client)
  await rows.store({ id: 1 }, old)
  return rows
}

type Rows = Awaited<ReturnType<typeof openRows>>

async function openProducts(url: string, rows: Rows) {
  const cache: Cache = createCache({ namespace: 'writers', l2: valkeyStore(url, { timeout: '200ms' }), coherence: { maxStaleness: 300 } })
  ends.push(() => cache.close({ drainMs: 0 }))
  await warmUp(cache)
  const products = cache.resource({ key: 'product:{id}', load: rows.load, write: { mode: 'through', store: rows.store } })
  /** What a reader would be served now, without a load. */
  const cached = () => cache.get<{ readonly name: string }>(products.key({ id: 1 }), { exact: true })
  return { cache, products, cached }
}

describe.each(serverNames)('on %s', (name: ServerName) => {
  test('what one process writes, others are served', async () => {
    const { server } = await openServer(name, ends)
    const rows = await openRows(server.url)
    const [a, b] = [await openProducts(server.url, rows), await openProducts(server.url, rows)]
    expect(await b.products.get({ id: 1 })).toEqual(old)
    expect(await a.products.set({ id: 1 }, fresh)).toMatchObject({ source: 'committed', cache: 'stored' })
    expect(await a.cached()).toEqual(fresh)
    await expect.poll(() => b.products.get({ id: 1 }), soon).toEqual(fresh)
    expect(b.cache.stats().loads).toBe(1)
  })

  test.each(['before the commit', 'after the commit'] as const)('a process that dies %s leaves nothing old behind', async (dies) => {
    const { server, admin } = await openServer(name, ends)
    const rows = await openRows(server.url)
    const reader = await openProducts(server.url, rows)
    const program = new URL('./dying-writer.worker.ts', import.meta.url)
    const writer = new WorkerProcess<DyingCall, object>(program, { url: server.url, fenceMs } satisfies DyingWriter)
    ends.push(() => writer.kill())
    await writer.ready
    await expect(writer.run({ name: 'new', dies })).rejects.toThrow('SIGKILL')
    const row = dies === 'after the commit' ? fresh : old
    // The fence stands: what is loaded now is served, and stored by nobody.
    await expect.poll(() => reader.products.get({ id: 1 }), soon).toEqual(row)
    expect([undefined, row]).toContainEqual(await reader.cached())
    await rows.store({ id: 1 }, newer)
    await expect.poll(() => admin.get('tc1:e:writers:product:1'), soon).toBeNull()
    await expect.poll(() => reader.products.get({ id: 1 }), soon).toEqual(newer)
  })

  test.each(['to-server', 'to-client'] as const)(
    'a link that is lost %s at any command: nothing is cached that the source does not have',
    async (direction) => {
      const { server } = await openServer(name, ends)
      const rows = await openRows(server.url)
      const reader = await openProducts(server.url, rows)
      for (const [at, word] of ['open', 'close'].entries()) {
        const proxy = await openProxy(server, ends)
        const writer = await openProducts(proxy.url, rows)
        const lift = proxy.impose({ flow: 'hold' }, { direction, where: (link) => link.hasSent(`\r\n${word}\r\n`) })
        const value = { name: `${word} ${at}` }
        const { cache } = await writer.products.set({ id: 1 }, value)
        expect(['queued', 'deleted']).toContain(cache)
        proxy.kill('reset')
        lift()
        expect(await rows.load({ id: 1 })).toEqual(value)
        await expect.poll(() => writer.products.get({ id: 1 }), soon).toEqual(value)
        await expect.poll(async () => [undefined, value.name].includes((await reader.cached())?.name), soon).toBe(true)
        await expect.poll(() => reader.products.get({ id: 1 }), soon).toEqual(value)
      }
    },
  )
})
