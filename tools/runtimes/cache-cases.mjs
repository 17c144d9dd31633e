// The basics of a cache, over memory and over a server: one load, leases, ages, tags, mutate, changes by others, a server in trouble.
import assert from 'node:assert/strict'
import { FakeClock, FaultProxy } from 'tiercel/testing'

export function cacheCases({ createCache, memoryStore, valkeyStore, url, patience }) {
  let count = 0
  /** Two processes, as far as they can tell, in a namespace of their own. */
  const open = (l2) => {
    count += 1
    const options = { namespace: `case${count}-${process.pid}-${Date.now()}`, ttl: '5m' }
    const caches = [createCache({ ...options, l2: l2() }), createCache({ ...options, l2: l2() })]
    return { a: caches[0], b: caches[1], end: () => Promise.all(caches.map((cache) => cache.close())) }
  }
  const shared = memoryStore()
  const onMemory = () => asOne(shared)
  const onServer = () => valkeyStore(url, patience)
  const over = (name, l2) =>
    shareable.map((each) => ({
      name: `${each.name}, over ${name}`,
      async run() {
        const { a, b, end } = open(l2)
        try {
          await each.run(a, b)
        } finally {
          await end()
        }
      },
    }))
  return [...over('memory', onMemory), ...over('a server', onServer), ...alone({ createCache, memoryStore, valkeyStore, url })]
}

/** The same store for several caches, each of which closes it. */
function asOne(store) {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'close') return async () => undefined
      const member = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

const shareable = [
  {
    name: 'a thousand callers are one load',
    async run(a) {
      let loads = 0
      const load = async () => {
        loads += 1
        await sleep(20)
        return { loads }
      }
      const values = await Promise.all(Array.from({ length: 1_000 }, () => a.getOrSet(['product', 7], load)))
      assert.deepEqual([new Set(values.map(({ loads: at }) => at)).size, loads], [1, 1])
    },
  },
  {
    name: 'of two processes one loads, and the other waits for it',
    async run(a, b) {
      const loaders = []
      const load = (name) => async () => {
        loaders.push(name)
        await sleep(50)
        return name
      }
      const [first, second] = await Promise.all([a.getOrSet('k', load('a')), b.getOrSet('k', load('b'))])
      assert.equal(loaders.length, 1)
      assert.deepEqual([first, second], [loaders[0], loaders[0]])
    },
  },
  {
    name: 'keys of any text are apart',
    async run(a) {
      const keys = [['a', 'b'], ['a:b'], ['a', 'b:c'], ['a:b', 'c'], ['\u00e4'], ['a\u0308'], ['😀'], ['%3A'], ['*'], ['{a}']]
      for (const [at, key] of keys.entries()) await a.set(key, at)
      assert.deepEqual(
        await a.getMany(keys),
        keys.map((_, at) => at),
      )
    },
  },
  {
    name: 'a tag takes what carries it',
    async run(a) {
      await a.set('x', 1, { tags: ['t'] })
      await a.set('y', 2)
      assert.equal(await a.invalidateTag('t'), 'applied')
      assert.deepEqual(await a.getMany(['x', 'y']), [undefined, 2])
    },
  },
  {
    name: 'mutate leaves no old row',
    async run(a) {
      let row = 'old'
      const load = async () => {
        const read = row
        await sleep(40)
        return read
      }
      const loading = a.getOrSet('k', load)
      await sleep(10)
      await a.mutate('k', () => {
        row = 'new'
      })
      await loading
      assert.equal(await a.getOrSet('k', load), 'new')
    },
  },
  {
    name: 'changes by others are heard',
    async run(a, b) {
      await b.set('k', 'old')
      assert.equal(await a.get('k'), 'old')
      await b.set('k', 'new')
      const endAtMs = performance.now() + 10_000
      while ((await a.get('k')) !== 'new') {
        assert.ok(performance.now() < endAtMs, 'not heard')
        await sleep(5)
      }
    },
  },
  {
    name: 'many keys are one query',
    async run(a) {
      const asked = []
      const load = (keys) => {
        asked.push(keys)
        return keys.map((key) => `value of ${key}`)
      }
      assert.deepEqual(await a.getOrSetMany(['x', 'y'], load), ['value of x', 'value of y'])
      assert.deepEqual(asked, [['x', 'y']])
      await a.idle()
      assert.equal(await a.get('y'), 'value of y')
    },
  },
]

function alone({ createCache, memoryStore, valkeyStore, url }) {
  return [
    {
      name: 'values end with their time, and stale ones are served while they are refreshed',
      async run() {
        const clock = new FakeClock()
        const cache = createCache({ ttl: '1m', grace: '1h', clock, l2: memoryStore({ clock }) })
        await cache.set('k', 1)
        clock.pass(61_000)
        assert.equal(await cache.getOrSet('k', () => 2), 1)
        await cache.idle()
        assert.equal(await cache.get('k'), 2)
        clock.pass(2 * 3_600_000)
        assert.equal(await cache.get('k'), undefined)
        await cache.close()
      },
    },
    {
      name: 'a server that is read-only, or gone, costs no error',
      async run() {
        const proxy = await FaultProxy.start(url)
        const cache = createCache({ l2: valkeyStore(proxy.url, { timeout: '500ms' }), l1: false })
        try {
          proxy.answer({ with: 'READONLY' })
          assert.equal(await cache.getOrSet(`k${Math.random()}`, () => 1), 1)
          proxy.heal()
          proxy.refuse()
          proxy.kill('reset')
          assert.equal(await cache.getOrSet(`k${Math.random()}`, () => 2), 2)
          assert.equal(cache.health().status, 'degraded')
        } finally {
          await cache.close()
          await proxy.close()
        }
      },
    },
  ]
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
