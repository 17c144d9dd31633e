// One process of a fleet: a cache of its own on a shared server, and a source whose calls are counted on the server, so that they
// are counted whoever dies.
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { type Cache, createCache, valkeyStore } from '../../src/index.ts'
import type { FleetCall, FleetReply, FleetSetup } from './messages.ts'
import type { Told } from './worker-process.ts'

const setup: FleetSetup = JSON.parse(process.argv[2] ?? '{}')
const admin = new Redis(setup.url)
const data = new Redis(setup.url)
const cache = createCache({ namespace: setup.namespace, l2: valkeyStore(data, { timeout: '5s', connectTimeout: '10s' }), ...setup.options })

process.on('message', (call: Told<FleetCall>) => void answer(call))
process.on('disconnect', () => process.exit())
await cache.get('warm')
// A second key, so that what differs between servers has been found out.
await cache.getOrSet(`warm-${process.pid}`, () => 1)
await cache.idle()
process.send?.({ id: -1 })

async function answer({ id, ...call }: Told<FleetCall>): Promise<void> {
  const startedAtMs = performance.now()
  const waits: number[] = []
  const results = await Promise.allSettled(
    Array.from({ length: call.callers }, async (_, at) => {
      if (call.overMs !== undefined) await sleep((call.overMs * at) / call.callers)
      const askedAtMs = performance.now()
      const value = await read(cache, call)
      waits.push(performance.now() - askedAtMs)
      return value
    }),
  )
  const durationMs = performance.now() - startedAtMs
  // What was loaded is stored behind the answer: who is asked next must find it.
  await cache.idle()
  const reply: FleetReply = {
    values: [...new Set(results.flatMap((result) => (result.status === 'fulfilled' ? [String(result.value)] : [])))],
    fulfilled: results.filter(({ status }) => status === 'fulfilled').length,
    errors: [...new Set(results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason.code ?? result.reason)] : [])))],
    durationMs,
    longestWaitMs: Math.max(0, ...waits),
    stats: cache.stats(),
  }
  process.send?.({ id, ...reply })
}

function read(from: Cache, { key, loadMs, fails, options }: FleetCall): Promise<unknown> {
  return from.getOrSet(
    key,
    async () => {
      const call = await admin.incr(`source:${setup.namespace}:${key}`)
      process.send?.({ id: -2 })
      await sleep(loadMs)
      if (fails) throw new Error('the source is down')
      return `value ${call}`
    },
    options,
  )
}
