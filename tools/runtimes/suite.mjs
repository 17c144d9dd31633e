// What is run in each runtime, against the built package: the suites of stores and clients, and the basics of a cache. Prints one line of JSON per group.
// Environment: VALKEY_URL, and TIERCEL_EARLIER, the names of the runtimes that wrote to the same server before, with TIERCEL_RUNTIME, this one's.
import assert from 'node:assert/strict'
import { createCache, memoryStore, valkeyStore } from 'tiercel'
import { adaptClient } from 'tiercel/client'
import { clientConformance, storeConformance } from 'tiercel/testing'
import { cacheCases } from './cache-cases.mjs'
import { codecCases } from './codec-cases.mjs'

const url = process.env.VALKEY_URL
const runtime = process.env.TIERCEL_RUNTIME
const earlier = (process.env.TIERCEL_EARLIER ?? '').split(' ').filter((name) => name !== '')
const caseLimitMs = 30_000
const patience = { timeout: '10s', connectTimeout: '20s' }

/** What a client package needs to be opened and ended. */
const clients = [
  {
    name: '@redis/client 6',
    async open() {
      const { createClient } = await import('@redis/client')
      const live = createClient({ url }).on('error', () => undefined)
      await live.connect()
      return { live, end: () => live.destroy() }
    },
  },
  { name: 'ioredis 6', open: async () => openIoredis((await import('ioredis')).Redis) },
  { name: 'ioredis 5', open: async () => openIoredis((await import('ioredis5')).Redis) },
  { name: 'iovalkey', open: async () => openIoredis((await import('iovalkey')).Redis) },
  {
    name: 'GLIDE 2',
    storeLacks: ['follow'],
    clientLacks: ['tracking', 'errors in arrays'],
    async open() {
      const { GlideClient, Logger } = await import('@valkey/valkey-glide')
      Logger.init('off')
      const { hostname: host, port } = new URL(url)
      const live = await GlideClient.createClient({ addresses: [{ host, port: Number(port) }], requestTimeout: 10_000 })
      return { live, end: () => live.close() }
    },
  },
]

function openIoredis(Redis) {
  const live = new Redis(url)
  live.on('error', () => undefined)
  return { live, end: () => live.disconnect() }
}

// Whether it is what it was fetched as.
tell({ runs: globalThis.Deno?.version.deno ?? process.versions.bun ?? process.versions.node })
await report('memory store', storeConformance({ open: () => memoryStore() }))
await report('cache', cacheCases({ createCache, memoryStore, valkeyStore, url, patience }))
await report('codecs', codecCases())
await report('values of the other runtimes', exchangeCases())
await report('link by URL', storeConformance({ open: () => valkeyStore(url, patience) }))
for (const client of clients) await reportClient(client)
process.exit(0)

async function reportClient({ name, open, storeLacks = [], clientLacks = [] }) {
  let opened
  try {
    opened = await within(open(), 'opening')
  } catch (error) {
    return tell({ group: name, unusable: textOf(error) })
  }
  const { live, end } = opened
  const ofStore = storeConformance({ open: () => valkeyStore(live, patience), lacks: storeLacks })
  const ofClient = clientConformance({ open: () => adaptClient(live), lacks: clientLacks })
  await report(name, [...ofStore, ...ofClient])
  await end()
}

/** Each reads what the runtimes before it have stored, and stores its own. */
function exchangeCases() {
  const value = { text: 'ключ 🔑', list: [1, 2.5, null, true], nested: { empty: {} } }
  const open = (namespace) => createCache({ namespace, l1: false, l2: valkeyStore(url, patience) })
  return [
    ...earlier.map((name) => ({
      name: `what ${name} has stored`,
      async run() {
        const cache = open('exchange')
        assert.deepEqual(await cache.get(['by', name]), value)
        await cache.close()
      },
    })),
    {
      name: 'what is stored here',
      async run() {
        const cache = open('exchange')
        await cache.set(['by', runtime], value, { ttl: '1h', tags: ['all'] })
        assert.deepEqual(await cache.get(['by', runtime]), value)
        await cache.close()
      },
    },
  ]
}

async function report(group, cases) {
  const failures = []
  const lacking = []
  for (const { name, run } of cases) {
    try {
      await within(run(), name)
    } catch (error) {
      // What a runtime has not got, and Tiercel says so.
      if (error?.code === 'TIERCEL_UNSUPPORTED') lacking.push({ name, error: textOf(error) })
      else failures.push({ name, error: textOf(error) })
    }
  }
  tell({ group, passed: cases.length - failures.length - lacking.length, cases: cases.length, failures, lacking })
}

async function within(work, name) {
  let timer
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name}: not over after ${caseLimitMs / 1_000} s`)), caseLimitMs)
  })
  return Promise.race([work, limit]).finally(() => clearTimeout(timer))
}

function tell(line) {
  console.log(JSON.stringify(line))
}

function textOf(error) {
  return String(error?.message ?? error)
    .split('\n', 1)[0]
    .slice(0, 200)
}
