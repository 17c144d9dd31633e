import { describe, expect, test } from 'vitest'
import { DeadLetters } from '../../src/streams/dead-letters.ts'
import { Ownership } from '../../src/streams/ownership.ts'
import type { StreamContext } from '../../src/streams/stream-context.ts'
import type { Ends } from '../integration/ends.ts'
import { type Opened, type OpenOptions, openLog, Receiver, record, soon } from './opened.ts'

const longMs = 60_000

/** What appending, owning and settling promise, on one server. */
export function engineSuite(source: () => object | string, ends: Ends): void {
  const open = (options?: OpenOptions): Opened => openLog(source(), ends, options)
  const one = (options: OpenOptions = {}): Opened => open({ partitions: 1, ...options })
  const claim = async (context: StreamContext, worker = 'a', leaseMs = longMs): Promise<Ownership> => {
    const owned = await Ownership.claim(context, context.of('k'), worker, leaseMs)
    if (owned === undefined) throw new Error('the partition is not free')
    return owned
  }
  const send = ({ context }: Opened, ...words: string[]) => context.link.send({ words, key: words[1] as string }, 'test')

  describe('appending', () => {
    test('sequences grow, are near the time, and a log is read in their order', async () => {
      const { log, context } = one()
      const sequences = await Promise.all(Array.from({ length: 500 }, (_, at) => log.append(record(`k${at % 7}`, at))))
      expect(sequences).toEqual([...sequences].sort((a, b) => Number(a) - Number(b)))
      expect(new Set(sequences).size).toBe(500)
      expect(Number(sequences[0]) / 1_000).toBeGreaterThan(context.link.nowMs() - longMs)
      const found = (await (await claim(context)).read(0, 1_000)) ?? []
      expect(found.map(({ body }) => String(body))).toEqual(Array.from({ length: 500 }, (_, at) => String(at)))
    })

    test('sequences grow also when the clock of the server has gone back, and when all but the stream was lost', async () => {
      const opened = one()
      const { log, context } = opened
      const { meta } = context.of('k')
      const ahead = (await log.append(record('k')))! + 3_600_000_000
      await send(opened, 'HSET', meta, 'last', String(ahead))
      expect(await log.append(record('k'))).toBe(ahead + 1)
      const other = one()
      const before = (await other.log.append(record('k')))!
      await send(other, 'DEL', other.context.of('k').meta)
      expect(await other.log.append(record('k'))).toBeGreaterThan(before)
    })

    test('a partition that is full by count or bytes refuses without storing, and takes more when there is room', async () => {
      for (const limits of [
        { mostRecords: 3, mostBytes: 1_000 },
        { mostRecords: 100, mostBytes: 3 * 11 },
      ]) {
        const { log, context } = one({ limits })
        const results = await Promise.all(Array.from({ length: 5 }, () => log.append(record('k', '0123456789'))))
        expect(results.map((sequence) => sequence !== undefined)).toEqual([true, true, true, false, false])
        expect(await log.stats()).toMatchObject({ depth: 3, bytes: 33, appended: 3 })
        const owned = await claim(context)
        await owned.settle([{ what: 'done', sequence: results[0]! }])
        expect(await log.append(record('k', '0123456789'))).toBeDefined()
        expect(await log.append(record('k', '0123456789'))).toBeUndefined()
        expect((await log.newest('k'))?.sequence).toBeGreaterThan(results[2]!)
      }
    })

    test('what can never fit is refused', async () => {
      const { log } = one({ limits: { mostRecords: 10, mostBytes: 20 } })
      await expect(log.append(record('k', 'x'.repeat(20)))).rejects.toMatchObject({ code: 'TIERCEL_VALUE_TOO_LARGE' })
    })

    test('who waits for room keeps his place: none that comes later is before him', async () => {
      const { log, context, events } = one({ limits: { mostRecords: 1, mostBytes: 1_000 }, rules: { mostMs: longMs, mostWaiting: 100 } })
      await log.append(record('k', 0))
      const waiting = [1, 2, 3].map((at) => log.append(record('k', at)))
      await expect.poll(() => events.map(({ type }) => type), soon).toContain('append.full')
      waiting.push(log.append(record('k', 4)))
      const owned = await claim(context)
      const found: string[] = []
      for (let after = 0; found.length < 5; ) {
        for (const each of (await owned.read(after, 10)) ?? []) {
          found.push(String(each.body))
          after = each.sequence
          await owned.settle([{ what: 'done', sequence: each.sequence }])
        }
      }
      expect(found).toEqual(['0', '1', '2', '3', '4'])
      const sequences = (await Promise.all(waiting)).map(Number)
      expect(sequences).toEqual([...sequences].sort((a, b) => a - b))
    })

    test('the newest of a key is found by its key, in any process, until that very one is settled', async () => {
      const opened = one()
      const { log, context } = opened
      const other = opened.again().log
      expect(await other.newest('k')).toBeUndefined()
      const first = (await log.append(record('k', 'old')))!
      const second = (await log.append(record('k', 'new')))!
      const owned = await claim(context)
      await owned.settle([{ what: 'done', sequence: first }])
      expect(await other.newest('k')).toEqual({ sequence: second, body: Buffer.from('new') })
      await owned.settle([{ what: 'done', sequence: second }])
      expect(await other.newest('k')).toBeUndefined()
    })

    test('a sequence may be taken for what is done past the log; what was newest before it is not any more', async () => {
      const { log } = one()
      const before = (await log.append(record('k')))!
      const reserved = await log.reserve('k')
      expect(reserved).toBeGreaterThan(before)
      expect((await log.newest('k'))?.sequence).toBe(before)
      await log.supersede('k', reserved)
      expect(await log.newest('k')).toBeUndefined()
      const after = (await log.append(record('k')))!
      expect(after).toBeGreaterThan(reserved)
      await log.supersede('k', reserved)
      expect((await log.newest('k'))?.sequence).toBe(after)
    })

    test('all processes count as many partitions', async () => {
      const { context } = open({ partitions: 4 })
      await context.check()
      const other = open({ partitions: 5, name: context.setUp.name })
      await expect(other.log.append(record('k'))).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION' })
    })
  })

  describe('owning', () => {
    test('a partition has one owner; a lease that is over may be taken, and its token is never used again', async () => {
      const opened = one()
      const { context } = opened
      const first = await claim(context, 'a', 300)
      expect(await Ownership.claim(context, context.of('k'), 'b', longMs)).toBeUndefined()
      await expect.poll(() => first.lease.isHeld, soon).toBe(false)
      expect(first.lease.signal.aborted).toBe(true)
      let second: Ownership | undefined
      await expect.poll(async () => (second = await Ownership.claim(context, context.of('k'), 'b', longMs)) !== undefined, soon).toBe(true)
      expect(Number(second?.lease.token)).toBeGreaterThan(Number(first.lease.token))
      await send(opened, 'DEL', context.of('k').meta)
      const third = await claim(context, 'c')
      expect(Number(third.lease.token)).toBeGreaterThan(Number(second?.lease.token))
    })

    test('one that is given up is free at once; one that is renewed is not', async () => {
      const { context } = one()
      const first = await claim(context, 'a', 400)
      for (let at = 0; at < 5; at += 1) {
        await first.renew(longMs)
        expect(await Ownership.claim(context, context.of('k'), 'b', longMs)).toBeUndefined()
      }
      await first.release()
      expect(await Ownership.claim(context, context.of('k'), 'b', longMs)).toBeDefined()
    })

    test('who has lost the partition reads nothing, settles nothing, renews nothing, and is told', async () => {
      const { log, context } = one()
      const sequence = (await log.append(record('k')))!
      const steps = [
        (owned: Ownership) => owned.settle([{ what: 'done', sequence }]),
        (owned: Ownership) => owned.settle([{ what: 'dead', sequence, tries: 1, problem: '' }]),
        (owned: Ownership) => owned.settle([{ what: 'failed', sequence, tried: { failures: 9, counted: 9, sinceMs: 0 } }]),
        (owned: Ownership) => owned.read(0, 10).then((found) => found !== undefined),
        (owned: Ownership) => owned.renew(longMs).then(() => owned.lease.isHeld),
      ]
      for (const step of steps) {
        const lost = await claim(context, 'me')
        // The same worker again, as after a pause.
        const owner = await claim(context, 'me')
        expect(await step(lost)).toBe(false)
        expect(lost.lease.isHeld).toBe(false)
        expect(owner.tried.size).toBe(0)
        expect((await owner.read(0, 10))?.map((each) => each.sequence)).toEqual([sequence])
      }
      expect((await log.newest('k'))?.sequence).toBe(sequence)
    })

    test('as long as nobody else has claimed it, what was done under a lease that is over may be settled', async () => {
      const { log, context } = one()
      const sequence = (await log.append(record('k')))!
      const owned = await claim(context, 'a', 50)
      await expect.poll(() => owned.lease.isHeld, soon).toBe(false)
      expect(await owned.settle([{ what: 'done', sequence }])).toBe(true)
      expect((await log.stats()).depth).toBe(0)
    })

    test('settling twice counts once', async () => {
      const { log, context } = one()
      const sequence = (await log.append(record('k')))!
      await log.append(record('other'))
      const owned = await claim(context)
      for (let at = 0; at < 3; at += 1) await owned.settle([{ what: 'done', sequence }])
      expect(await log.stats()).toMatchObject({ depth: 1, bytes: 10, appended: 2, settled: 1 })
    })

    test('what was tried is known to the next owner', async () => {
      const { log, context } = one()
      const sequence = (await log.append(record('k')))!
      const owned = await claim(context)
      const tried = { failures: 4, counted: 2, sinceMs: 1_790_000_000_000 }
      await owned.settle([{ what: 'failed', sequence, tried }])
      await owned.release()
      expect((await claim(context, 'b')).tried.get(sequence)).toEqual(tried)
      expect((await log.stats()).retried).toBe(1)
    })
  })

  describe('dead letters', () => {
    async function withLetters(count: number): Promise<{ opened: Opened; owned: Ownership; letters: DeadLetters }> {
      const opened = one()
      const owned = await claim(opened.context)
      for (let at = 0; at < count; at += 1) {
        const sequence = (await opened.log.append(record(`k${at}`, at)))!
        await owned.settle([{ what: 'dead', sequence, tries: 3, problem: `broken ${at}` }])
      }
      return { opened, owned, letters: new DeadLetters(opened.context) }
    }

    test('are whole, in pages, and pending no more', async () => {
      const { opened, letters } = await withLetters(5)
      expect(await opened.log.stats()).toMatchObject({ depth: 0, bytes: 0, died: 5, deadLetters: 5 })
      expect(await opened.log.newest('k0')).toBeUndefined()
      const first = await letters.list(3)
      const rest = await letters.list(3, first.at(-1)?.id)
      expect([...first, ...rest].map(({ key, body, problem, tries }) => [key, String(body), problem, tries])).toEqual(
        [0, 1, 2, 3, 4].map((at) => [`k${at}`, String(at), `broken ${at}`, 3]),
      )
      expect(Math.abs((first[0]?.diedAtMs ?? 0) - opened.context.link.nowMs())).toBeLessThan(longMs)
    })

    test('are appended again as the newest of their key, once', async () => {
      const { opened, letters } = await withLetters(1)
      const since = (await opened.log.append(record('k0', 'since')))!
      const id = (await letters.list(1))[0]?.id as string
      const replayed = await letters.replay(id)
      expect(replayed?.sequence).toBeGreaterThan(since)
      expect(await opened.log.newest('k0')).toEqual({ sequence: replayed?.sequence, body: Buffer.from('0') })
      expect(await letters.replay(id)).toBeUndefined()
      expect(await opened.log.stats()).toMatchObject({ depth: 2, deadLetters: 0, died: 1, bytes: 'k0since'.length + 'k00'.length })
    })

    test('are dropped', async () => {
      const { letters } = await withLetters(2)
      const [first, second] = await letters.list(2)
      expect(await letters.drop(first?.id as string)).toBe('k0')
      expect(await letters.drop(first?.id as string)).toBeUndefined()
      expect(await letters.list(10)).toEqual([second])
      await expect(letters.drop('1')).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION' })
    })

    test('a burial that its owner did not finish is finished by the next', async () => {
      const { opened, owned } = await withLetters(1)
      await owned.release()
      const receiver = new Receiver()
      opened.worker(receiver)
      await expect.poll(() => receiver.buriedKeys, soon).toEqual(['k0'])
      const { tries } = opened.context.of('k')
      await expect.poll(() => send(opened, 'HLEN', tries), soon).toBe(0)
    })
  })
}
