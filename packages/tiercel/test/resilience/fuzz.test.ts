import { crc32 } from 'node:zlib'
import { createRandom } from '@tiercel/workloads'
import { afterAll, describe, expect, test } from 'vitest'
import { structuredCodec } from '../../src/codecs/structured.ts'
import { brotli } from '../../src/codecs/zlib-compressions.ts'
import { type Cache, createCache, TiercelError, valkeyStore } from '../../src/index.ts'
import { crc32Short } from '../../src/kernel/hash.ts'
import { memoryStore } from '../../src/stores/memory/memory-store.ts'
import { checkScript } from '../../src/testing/faults/fault-script.ts'
import { testSize } from '../test-size.ts'
import { OddValues } from './odd-values.ts'

const inputs = testSize({ small: 4_000, ci: 100_000, release: 1_000_000 })
const mostMs = 10
/** A busy machine is slow now and then, a slow input always is. */
const tries = 5
const suspiciousMs = 1
const longMs = 60_000 + inputs * 3

const prototypes = [Object.prototype, Array.prototype, Function.prototype, Map.prototype, Promise.prototype]
const members = prototypes.map((prototype) => Reflect.ownKeys(prototype).length)
const caches: Cache[] = []

afterAll(() => Promise.all(caches.map((cache) => cache.close({ drainMs: 0 }))))

function newCache(...given: Parameters<typeof createCache>): Cache {
  const cache = createCache(...given)
  caches.push(cache)
  return cache
}

interface Outcome {
  readonly accepted: number
  readonly refused: number
  readonly longestMs: number
}

/** Tries each input: it is taken, or refused with a code, at once, and changes nothing that all objects share. */
async function fuzz<T>(next: () => T, take: (input: T) => unknown): Promise<Outcome> {
  const counts = { accepted: 0, refused: 0 }
  let longestMs = 0
  for (let at = 0; at < inputs; at += 1) {
    const input = next()
    const first = await attempt(input, take)
    counts[first.isAccepted ? 'accepted' : 'refused'] += 1
    let { tookMs } = first
    for (let again = 1; tookMs > suspiciousMs && again < tries; again += 1) tookMs = Math.min(tookMs, (await attempt(input, take)).tookMs)
    if (tookMs > mostMs) expect.fail(`input ${at} took ${tookMs} ms: ${describeInput(input)}`)
    longestMs = Math.max(longestMs, tookMs)
  }
  expect(prototypes.map((prototype) => Reflect.ownKeys(prototype).length)).toEqual(members)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  return { ...counts, longestMs }
}

async function attempt<T>(input: T, take: (input: T) => unknown): Promise<{ readonly isAccepted: boolean; readonly tookMs: number }> {
  const startMs = performance.now()
  try {
    await take(input)
    const tookMs = performance.now() - startMs
    return { isAccepted: true, tookMs }
  } catch (error) {
    const tookMs = performance.now() - startMs
    if (!(error instanceof TiercelError)) throw new Error(`${describeInput(input)}: ${String(error)}`, { cause: error })
    return { isAccepted: false, tookMs }
  }
}

function describeInput(input: unknown): string {
  try {
    return JSON.stringify(input, (_, value) => (typeof value === 'bigint' || typeof value === 'symbol' ? String(value) : value)).slice(
      0,
      500,
    )
  } catch {
    return String(input)
  }
}

function report(what: string, { accepted, refused, longestMs }: Outcome): void {
  console.info(`${what}: ${accepted} taken, ${refused} refused with a code, the longest took ${longestMs.toFixed(2)} ms`)
  expect(accepted, what).toBeGreaterThan(0)
  expect(refused, what).toBeGreaterThan(0)
}

const names = (text: string): string[] => text.split(' ')
const policyNames = names(
  'ttl grace l1Ttl jitter absentTtl errorTtl timeout hardTimeout lockTimeout graceBackoff refreshAhead beta sliding',
)
const callNames = [...policyNames, ...names('tags forceFresh signal exact')]
const cacheNames = [
  ...policyNames,
  ...names('namespace l1 l2 coherence lease loads maxValueBytes format codec compression values waitUntil'),
]
const storeNames = names(
  'timeout connectTimeout readFrom maxLag replicas breaker admission retryShare window minimumCalls failureRatio openFor',
)

describe('entries that somebody has changed on the server', () => {
  test.each(['as they are', 'with their sums set right'])('%s', { timeout: longMs }, async (how) => {
    const l2 = memoryStore()
    const cache = newCache({ namespace: 'shop', l1: false, l2, codec: structuredCodec, compression: brotli({ minBytes: 64 }) })
    await cache.set('k', { id: 7, text: 'again and again, '.repeat(8) }, { tags: ['t', 'u'] })
    const entry = (await l2.get('tc1:e:shop:k')) as Buffer
    const random = createRandom(`entries ${how}`)
    const odd = new OddValues(random, [])
    let found = 0
    const rejected: Record<string, number> = {}
    cache.on((event) => void (event.type === 'read.rejected' && (rejected[event.reason] = (rejected[event.reason] ?? 0) + 1)))
    const result = await fuzz(
      () => (how === 'as they are' ? odd.mutated(entry) : withSums(odd.mutated(entry))),
      async (bytes) => {
        await l2.deleteMany(['tc1:e:shop:k'])
        if (bytes.length > 0) await l2.claim({ key: 'tc1:e:shop:k', value: bytes, ttlMs: 60_000 })
        if ((await cache.get('k')) !== undefined) found += 1
      },
    )
    console.info(`entries ${how}: ${result.accepted} read, ${found} of them values, the others misses: ${JSON.stringify(rejected)}`)
    expect(result.refused).toBe(0)
    expect(Object.keys(rejected).length).toBeGreaterThan(how === 'as they are' ? 1 : 3)
  })
})

test('keys', { timeout: longMs }, async () => {
  const cache = newCache()
  const odd = new OddValues(createRandom('keys'), ['a', 'b'])
  const next = (): unknown => (odd.chance(0.3) ? odd.text() : odd.chance(0.5) ? [odd.text(), odd.any(3)] : odd.any())
  report('keys', await fuzz(next, (key) => cache.getOrSet(key as string, () => 1)))
})

test('key templates', { timeout: longMs }, async () => {
  const cache = newCache()
  const odd = new OddValues(createRandom('templates'), ['key', 'load', 'ttl', 'tags', 'loadMany'])
  let made = 0
  const next = (): unknown => (odd.chance(0.6) ? `n${(made += 1)}:{${odd.text().slice(0, 30)}}` : odd.any())
  const take = (key: unknown): unknown => cache.namespace(`n${made % 500}-${made}`).resource({ key: key as 'a:{b}', load: () => 1 })
  report('key templates', await fuzz(next, take))
})

test('tags', { timeout: longMs }, async () => {
  const cache = newCache()
  const odd = new OddValues(createRandom('tags'), ['a', 'b'])
  const next = (): unknown => (odd.chance(0.5) ? [odd.text(), [odd.text(), odd.any(3)]] : odd.any())
  report('tags of a call', await fuzz(next, (tags) => cache.getOrSet('k', () => 1, { tags: tags as string[], forceFresh: true })))
  report('tags that are invalidated', await fuzz(next, (tags) => cache.invalidateTags(tags as string[])))
})

test('option objects', { timeout: longMs * 3 }, async () => {
  const cache = newCache()
  const calls = new OddValues(createRandom('options of calls'), callNames)
  report(
    'options of getOrSet',
    await fuzz(
      () => calls.object(),
      (options) => withoutWaiting(cache.getOrSet('k', () => 1, options)),
    ),
  )
  const made = new OddValues(createRandom('options of caches'), cacheNames)
  report(
    'options of createCache',
    await fuzz(
      () => made.object(),
      (options) => withoutWaiting(createCache(options).close({ drainMs: 0 })),
    ),
  )
  const stores = new OddValues(createRandom('options of stores'), storeNames)
  report(
    'options of valkeyStore',
    await fuzz(
      () => stores.object(),
      (options) => void valkeyStore('redis://127.0.0.1:1', options),
    ),
  )
})

test('scripts of the fault proxy', { timeout: longMs }, async () => {
  const random = createRandom('scripts')
  const words = names(
    'steps seed atMs afterCommands impose answer lift kill halfClose refuse heal links direction name with command key nth times delayMs flow',
  )
  const odd = new OddValues(random, words)
  const step = (): unknown => {
    const moment = { [odd.pick(['atMs', 'afterCommands'])]: odd.chance(0.7) ? random.integer(100) : odd.any() }
    const value = odd.pick<unknown>(['reset', 'end', 'to-client', true, { delayMs: 1 }, { with: 'OOM' }, { flow: 'drop' }, odd.any()])
    return odd.chance(0.8) ? { ...moment, [odd.pick(names('impose answer lift kill halfClose refuse heal'))]: value } : odd.any()
  }
  const next = (): unknown => (odd.chance(0.8) ? { steps: Array.from({ length: random.integer(4) }, step) } : odd.any())
  report('scripts', await fuzz(next, (script) => void checkScript(script as never)))
})

/** What is taken may wait for as long as its own options say. */
async function withoutWaiting(call: Promise<unknown>): Promise<void> {
  await Promise.race([call, new Promise((resolve) => setImmediate(resolve))])
  call.catch(() => undefined)
}

/** As somebody would who knows the format. */
function withSums(entry: Buffer): Buffer {
  const [stateSumAt, bodySumAt, bodyAt] = [14, 18, 22]
  if (entry.length < bodyAt) return entry
  entry[0] = 'V'.charCodeAt(0)
  entry.writeUInt32LE(crc32(entry.subarray(bodyAt)), bodySumAt)
  entry.writeUInt32LE(crc32Short(entry, 0, stateSumAt), stateSumAt)
  return entry
}
