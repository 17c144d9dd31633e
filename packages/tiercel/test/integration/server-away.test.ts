import { createClient } from '@redis/client'
import { freePort, type RunningServer, startStandalone } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { connectUrl } from '../../src/client/connect.ts'
import { createCache, valkeyStore } from '../../src/index.ts'
import { Link, type LinkOptions } from '../../src/stores/link.ts'
import { checkValkeyOptions } from '../../src/stores/valkey-options.ts'
import { eventLog } from '../cache/event-log.ts'
import { standalonePackages } from '../conformance/live-clients.ts'

/** Long enough that only something that waits without end takes longer, on any machine. */
const patienceMs = 8_000
const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function start(): Promise<RunningServer> {
  const server = await startStandalone({ server: 'valkey-9.1' })
  cleanups.push(() => server.stop())
  return server
}

function linkOptions(ms: number): LinkOptions {
  return checkValkeyOptions('redis://localhost', { timeout: ms, connectTimeout: ms })[1]
}

async function within<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('hangs')), patienceMs)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

describe('a server that is away at start', () => {
  test('by URL: the loader serves, single verbs say so, nothing hangs', async () => {
    const cache = createCache({ l2: valkeyStore(`redis://127.0.0.1:${await freePort()}`) })
    cleanups.push(() => cache.close())
    const log = eventLog(cache)
    expect(await within(cache.getOrSet('k', () => 'loaded'))).toBe('loaded')
    expect(await within(cache.get('other'))).toBeUndefined()
    await expect(within(cache.set('k', 1))).rejects.toMatchObject({ retryable: true, code: expect.stringMatching(/^TIERCEL_STORE_/) })
    expect(await within(cache.delete('k'))).toBe('queued')
    expect(log).toContain('store.failed read')
  })

  test('by URL: what is thrown says why', async () => {
    const url = `redis://127.0.0.1:${await freePort()}`
    const cache = createCache({ l2: valkeyStore(url, { connectTimeout: 200 }) })
    cleanups.push(() => cache.close())
    for (let call = 0; call < 2; call += 1) {
      await expect(within(cache.set('k', 1))).rejects.toMatchObject({
        code: 'TIERCEL_STORE_UNAVAILABLE',
        message: expect.stringContaining('ECONNREFUSED'),
      })
    }
  })

  test('the wait for the first link begins when the client is there', async () => {
    const server = await start()
    const slowly = async () => {
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      return connectUrl(server.url)
    }
    const link = new Link(slowly, linkOptions(1_000))
    cleanups.push(() => link.close())
    await within(link.ready())
    expect(String(await link.send({ words: ['PING'] }, 'ping'))).toBe('PONG')
  })

  test('a package that cannot be had is said by every call', async () => {
    const missing = () => connectUrl('redis://127.0.0.1:1', { load: () => Promise.reject(notFound) })
    const notFound = Object.assign(new Error("Cannot find package '@redis/client', redis, iovalkey, ioredis"), {
      code: 'ERR_MODULE_NOT_FOUND',
    })
    const link = new Link(missing, linkOptions(100))
    for (let call = 0; call < 3; call += 1) await expect(link.ready()).rejects.toMatchObject({ code: 'TIERCEL_CLIENT_MISSING' })
  })

  test('costs the wait for the first link once, then nothing', async () => {
    const cache = createCache({ l1: false, l2: valkeyStore(`redis://127.0.0.1:${await freePort()}`, { connectTimeout: 300 }) })
    cleanups.push(() => cache.close())
    await within(cache.getOrSet('k', () => 1))
    const errors = vi.fn()
    cache.on((event) => event.type === 'store.failed' && errors(event.error))
    for (let i = 0; i < 200; i += 1) await within(cache.getOrSet(['k', i], () => i))
    expect(errors).toHaveBeenCalledTimes(200)
  })

  test('is used once it is there', async () => {
    const port = await freePort()
    const cache = createCache({ l1: false, l2: valkeyStore(`redis://127.0.0.1:${port}`, { timeout: '5s', connectTimeout: 100 }) })
    cleanups.push(() => cache.close())
    expect(await within(cache.getOrSet('k', () => 'loaded'))).toBe('loaded')
    const server = await startStandalone({ server: 'valkey-9.1', port })
    cleanups.push(() => server.stop())
    await expect
      .poll(
        () =>
          cache.set('k', 'stored').then(
            () => true,
            () => false,
          ),
        { timeout: patienceMs, interval: 50 },
      )
      .toBe(true)
    expect(await cache.get('k')).toBe('stored')
  })

  test('as a live client that was never connected', async () => {
    const live = createClient({ url: `redis://127.0.0.1:${await freePort()}` })
    live.on('error', () => undefined)
    const cache = createCache({ l2: valkeyStore(live) })
    cleanups.push(() => cache.close())
    cleanups.push(() => live.isOpen && live.destroy())
    expect(await within(cache.getOrSet('k', () => 'loaded'))).toBe('loaded')
  })
})

describe.each(standalonePackages)('on $name', (clientPackage) => {
  test('a server that hangs costs its budget, and the loader serves', async () => {
    const server = await start()
    const client = await clientPackage.standalone(server.url)
    cleanups.push(() => client.end())
    const cache = createCache({ l1: false, l2: valkeyStore(client.live, { timeout: 100 }) })
    await cache.get('warm')
    server.pause()
    cleanups.push(() => server.resume())
    const error = vi.fn()
    cache.on((event) => event.type === 'store.failed' && error(event.error))
    expect(await within(cache.getOrSet('k', () => 'loaded'))).toBe('loaded')
    expect(error).toHaveBeenCalledWith(expect.objectContaining({ code: 'TIERCEL_STORE_DEADLINE', limitMs: 100 }))
    await expect(within(cache.set('k', 1))).rejects.toMatchObject({ code: 'TIERCEL_STORE_DEADLINE' })
    await within(cache.idle())
  })

  test('a server that is killed is done without, and used again when it is back', async () => {
    const server = await start()
    const client = await clientPackage.standalone(server.url)
    cleanups.push(() => client.end())
    const cache = createCache({ l1: false, l2: valkeyStore(client.live, { timeout: '2s' }) })
    await cache.set('k', 'stored')
    await server.kill()
    for (let i = 0; i < 20; i += 1) expect(await within(cache.getOrSet(['k', i], () => i))).toBe(i)
    await server.restart()
    await expect
      .poll(
        () =>
          cache.set('k', 'again').then(
            () => true,
            () => false,
          ),
        { timeout: patienceMs, interval: 50 },
      )
      .toBe(true)
    expect(await cache.get('k')).toBe('again')
    await within(cache.close())
  })
})

describe('clients that cannot work', () => {
  test('a closed one is refused at once', async () => {
    const server = await start()
    const live = createClient({ url: server.url })
    await live.connect()
    live.destroy()
    expect(() => valkeyStore(live)).toThrow(expect.objectContaining({ code: 'TIERCEL_CLOSED' }))
    const io = new Redis(server.url)
    await io.quit()
    await expect.poll(() => io.status).toBe('end')
    expect(() => valkeyStore(io)).toThrow(expect.objectContaining({ code: 'TIERCEL_CLOSED' }))
  })

  test.each([undefined, null, 7, {}, [], () => 1])('%s is refused at once', (given) => {
    expect(() => valkeyStore(given as object)).toThrow(expect.objectContaining({ code: 'TIERCEL_CLIENT_UNKNOWN' }))
  })

  test.each(['not a url', 'http://localhost', 'redis://', ''])('%j is no URL of a server', (url) => {
    expect(() => valkeyStore(url)).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_OPTION' }))
  })

  test('a URL never shows its password', () => {
    expect(() => valkeyStore('http://me:secret@host')).toThrow(expect.objectContaining({ message: expect.not.stringContaining('secret') }))
  })

  test.each([
    [{ timout: 1 }, 'TIERCEL_UNKNOWN_OPTION'],
    [{ timeout: 0 }, 'TIERCEL_INVALID_DURATION'],
    [{ connectTimeout: 'soon' }, 'TIERCEL_INVALID_DURATION'],
  ])('options %j are refused', (options, code) => {
    expect(() => valkeyStore('redis://localhost', options as never)).toThrow(expect.objectContaining({ code }))
  })

  test('without a client package a URL rejects with what to install, from reads too', async () => {
    vi.resetModules()
    vi.doMock('../../src/client/connect.ts', async (original) => {
      const { connectTo } = await original<typeof import('../../src/client/connect.ts')>()
      const missing = (specifier: string): Promise<unknown> =>
        Promise.reject(Object.assign(new Error(`Cannot find package '${specifier}'`), { code: 'ERR_MODULE_NOT_FOUND' }))
      return { connectTo: (connection: Parameters<typeof connectTo>[0]) => connectTo(connection, missing) }
    })
    const { valkeyStore: store } = await import('../../src/stores/valkey.ts')
    const { createCache: create } = await import('../../src/cache/create-cache.ts')
    const cache = create({ l2: store('redis://127.0.0.1:1') })
    const expected = { code: 'TIERCEL_CLIENT_MISSING', message: expect.stringContaining('npm install @redis/client') }
    await expect(cache.getOrSet('k', () => 1)).rejects.toMatchObject(expected)
    await expect(cache.get('k')).rejects.toMatchObject(expected)
    vi.doUnmock('../../src/client/connect.ts')
  })
})
