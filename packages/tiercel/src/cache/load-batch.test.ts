import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { LoadBatch } from './load-batch.ts'
import type { BatchLoadContext, BatchLoader, LoadContext } from './loader.ts'

const windowMs = 5

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

function context(key: string, signal: AbortSignal = new AbortController().signal): LoadContext {
  const unused = (): never => expect.fail('a batch does not use it')
  return { key, signal, stale: undefined, setTtl: unused, setTags: unused, skip: unused, absent: unused, notModified: unused }
}

/** A batch that loads a key's length, and the calls that left. */
function newBatch(loadMany: BatchLoader<string, unknown> = (keys) => keys.map((key) => key.length), maxKeys = 100) {
  const calls: (readonly string[])[] = []
  const batch = new LoadBatch<string>({
    call: 'test',
    loadMany: (keys, batchContext) => {
      calls.push(keys)
      return loadMany(keys, batchContext)
    },
    pathOf: String,
    loads: { isInside: false, run: async (_, call) => call() },
    maxKeys,
    windowMs,
  })
  return { batch, calls }
}

describe('a call leaves', () => {
  test('when the last place has decided, once for all that ask', async () => {
    const { batch, calls } = newBatch()
    const [a, b, c] = ['a', 'bb', 'ccc'].map((key) => batch.add(key))
    batch.close()
    const first = a?.load(context('a'))
    c?.pass()
    expect(calls).toEqual([])
    const second = b?.load(context('bb'))
    expect(calls).toEqual([['a', 'bb']])
    expect(await Promise.all([first, second])).toEqual([1, 2])
  })

  test('with the keys in the order of their places, whoever asks first', async () => {
    const { batch, calls } = newBatch()
    const [a, b, c] = ['a', 'b', 'c'].map((key) => batch.add(key))
    batch.close()
    const results = [c?.load(context('c')), a?.load(context('a')), b?.load(context('b'))]
    expect(calls).toEqual([['a', 'b', 'c']])
    expect(await Promise.all(results)).toEqual([1, 1, 1])
  })

  test('not before the batch is closed', () => {
    const { batch, calls } = newBatch()
    void batch.add('a').load(context('a'))
    void batch.add('b').load(context('b'))
    expect(calls).toEqual([])
    batch.close()
    expect(calls).toEqual([['a', 'b']])
  })

  test('a window after the first that asked, however many have not decided', async () => {
    const { batch, calls } = newBatch()
    const [a, b, slow] = ['a', 'b', 'slow'].map((key) => batch.add(key))
    batch.close()
    vi.advanceTimersByTime(100)
    void a?.load(context('a'))
    vi.advanceTimersByTime(windowMs - 1)
    void b?.load(context('b'))
    expect(calls).toEqual([])
    vi.advanceTimersByTime(1)
    expect(calls).toEqual([['a', 'b']])
    expect(await slow?.load(context('slow'))).toBe(4)
    expect(calls).toEqual([['a', 'b'], ['slow']])
  })

  test('when as many ask as one call takes', () => {
    const { batch, calls } = newBatch(undefined, 2)
    const places = ['a', 'b', 'c', 'd', 'e'].map((key) => batch.add(key))
    batch.close()
    for (const [at, place] of places.entries()) void place.load(context('abcde'.charAt(at)))
    expect(calls).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  })

  test('never when all pass', () => {
    const { batch, calls } = newBatch()
    const places = ['a', 'b'].map((key) => batch.add(key))
    batch.close()
    for (const place of places) place.pass()
    for (const place of places) place.pass()
    expect(calls).toEqual([])
  })

  test('for those that waited for somebody else in vain: together, when their turn ends', async () => {
    const { batch, calls } = newBatch()
    const [a, b, c] = ['a', 'b', 'c'].map((key) => batch.add(key))
    batch.close()
    a?.pass()
    b?.pass()
    void c?.load(context('c'))
    expect(calls).toEqual([['c']])
    const late = [a?.load(context('a')), b?.load(context('b'))]
    expect(calls).toEqual([['c']])
    await nextTurn()
    expect(calls).toEqual([['c'], ['a', 'b']])
    expect(await Promise.all(late)).toEqual([1, 1])
  })

  test('not for a key that all callers have left', async () => {
    const { batch, calls } = newBatch()
    const left = new AbortController()
    const [a, b] = ['a', 'b'].map((key) => batch.add(key))
    batch.close()
    const unwanted = a?.load(context('a', left.signal))
    left.abort(new Error('left'))
    void b?.load(context('b'))
    expect(calls).toEqual([['b']])
    await expect(unwanted).rejects.toThrow('left')
  })
})

describe('what loadMany returns', () => {
  async function load(returned: unknown): Promise<unknown[]> {
    const { batch } = newBatch(async () => returned as never)
    const places = ['a', 'b', 'c'].map((key) => batch.add(key))
    batch.close()
    const results = await Promise.allSettled(places.map((place, at) => place.load(context('abc'.charAt(at)))))
    return results.map((result) => (result.status === 'fulfilled' ? result.value : (result.reason.code ?? result.reason.message)))
  }

  test.each([
    ['values', [1, null, 'c'], [1, null, 'c']],
    ['errors', [1, new TypeError('b is broken'), 3], [1, 'b is broken', 3]],
    ['undefined', [1, undefined, 3], [1, undefined, 3]],
    [
      'a Map',
      new Map<unknown, unknown>([
        ['c', 3],
        ['a', 1],
        ['b', null],
        ['z', 26],
      ]),
      [1, null, 3],
    ],
    [
      'a Map with gaps and errors',
      new Map<unknown, unknown>([
        ['a', new Error('a is broken')],
        ['c', 3],
      ]),
      ['a is broken', undefined, 3],
    ],
    ['too few', [1, 2], Array.from({ length: 3 }, () => 'TIERCEL_INVALID_BATCH')],
    ['too many', [1, 2, 3, 4], Array.from({ length: 3 }, () => 'TIERCEL_INVALID_BATCH')],
    ['rows', { rows: [] }, Array.from({ length: 3 }, () => 'TIERCEL_INVALID_BATCH')],
    ['nothing', undefined, Array.from({ length: 3 }, () => 'TIERCEL_INVALID_BATCH')],
  ])('%s', async (_name, returned, expected) => {
    expect(await load(returned)).toEqual(expected)
  })

  test('promises, each on its own', async () => {
    expect(await load([Promise.resolve(1), Promise.reject(new Error('b is broken')), Promise.resolve(undefined)])).toEqual([
      1,
      'b is broken',
      undefined,
    ])
    expect(await load([Promise.reject(new Error('too few, and unheard'))])).toEqual(
      Array.from({ length: 3 }, () => 'TIERCEL_INVALID_BATCH'),
    )
  })

  test('an error of the call is that of all its keys, and of no other call', async () => {
    const failure = new Error('the source is down')
    const { batch } = newBatch((keys) => {
      if (keys.includes('a')) throw failure
      return keys
    }, 2)
    const places = ['a', 'b', 'c'].map((key) => batch.add(key))
    batch.close()
    const results = await Promise.allSettled(places.map((place, at) => place.load(context('abc'.charAt(at)))))
    expect(results).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
      { status: 'fulfilled', value: 'c' },
    ])
  })
})

describe("the batch's signal", () => {
  test('fires when nobody waits for any of its keys', async () => {
    let seen: BatchLoadContext | undefined
    const { batch } = newBatch((keys, batchContext) => {
      seen = batchContext
      return keys
    })
    const controllers = [new AbortController(), new AbortController()]
    const places = ['a', 'b'].map((key) => batch.add(key))
    batch.close()
    for (const [at, place] of places.entries()) void place.load(context('ab'.charAt(at), controllers[at]?.signal))
    expect(seen?.entries.map(({ key }) => key)).toEqual(['a', 'b'])
    expect(seen?.signal).toBe(seen?.signal)
    controllers[0]?.abort()
    expect(seen?.signal.aborted).toBe(false)
    controllers[1]?.abort(new Error('all left'))
    expect(seen?.signal.aborted).toBe(true)
    expect(seen?.signal.reason).toEqual(new Error('all left'))
  })
})
