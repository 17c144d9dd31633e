import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { type RunningServer, type ServerName, startStandalone } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { afterAll, beforeAll } from 'vitest'
import { type Cache, type CacheOptions, createCache, valkeyStore } from '../../src/index.ts'

/** Nothing is late because a machine was busy. */
const patience = { timeout: '5s', connectTimeout: '10s' } as const

export interface LiveServer {
  readonly admin: Redis
  /** A new process, as far as the server can tell: a cache with an empty L1. Closed at the end. */
  newCache(namespace: string, options?: Pick<CacheOptions, 'l1'>): Cache
}

/** One server for the tests of a `describe`, with what they need to use it and to look at it. There once they run. */
export function useLiveServer(name: ServerName): LiveServer {
  const caches: Cache[] = []
  let server: RunningServer
  let admin: Redis
  let live: ReturnType<typeof createClient>

  beforeAll(async () => {
    server = await startStandalone({ server: name })
    admin = new Redis(server.url)
    live = createClient({ url: server.url })
    live.on('error', () => undefined)
    await live.connect()
  })
  afterAll(async () => {
    for (const cache of caches) await cache.close()
    admin.disconnect()
    live.destroy()
    await server.stop()
  })

  return {
    get admin() {
      return admin
    },
    newCache(namespace, options) {
      const cache = createCache({ namespace, l2: valkeyStore(live, patience), ...options })
      caches.push(cache)
      return cache
    },
  }
}

/** Until a cache hears of changes and knows its namespace's token: what it does from then on is what it always does. */
export async function warmUp(cache: Cache): Promise<void> {
  let stop = (): void => undefined
  const isUp = new Promise<void>((resolve) => {
    stop = cache.on(({ type }) => void (type === 'link.up' && resolve()))
  })
  await cache.get('warm')
  await isUp
  stop()
  await cache.get('warm')
}

/**
 * Asks for `'k'` again and again.
 *
 * @returns for how many milliseconds from now on `value` was served, at most `lookMs`
 */
export async function servedForMs(cache: Cache, value: string, lookMs: number): Promise<number> {
  const startMs = performance.now()
  let servedMs = 0
  while (performance.now() - startMs < lookMs) {
    const askedMs = performance.now() - startMs
    if ((await cache.get('k')) === value) servedMs = askedMs
    await sleep(2)
  }
  return servedMs
}
