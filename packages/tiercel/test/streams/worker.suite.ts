import { describe, expect, test } from 'vitest'
import { DeadLetters } from '../../src/streams/dead-letters.ts'
import type { Ends } from '../integration/ends.ts'
import { type Opened, type OpenOptions, openLog, Receiver, record, soon } from './opened.ts'

const broken = new Error('refused')
const ordered = (bodies: readonly string[]): string[] => [...bodies].sort((a, b) => Number(a) - Number(b))

/** What workers promise to those who append. */
export function workerSuite(source: () => object | string, ends: Ends): void {
  const open = (options?: OpenOptions): Opened => openLog(source(), ends, options)

  describe('a worker', () => {
    test('carries every record, in order for each key', async () => {
      const { log, worker } = open()
      const receiver = new Receiver()
      worker(receiver)
      await Promise.all(Array.from({ length: 300 }, (_, at) => log.append(record(`k${at % 20}`, at))))
      await expect.poll(() => receiver.got.length, soon).toBe(300)
      for (let at = 0; at < 20; at += 1) expect(receiver.bodies(`k${at}`)).toEqual(ordered(receiver.bodies(`k${at}`)))
      await expect.poll(() => log.stats(), soon).toMatchObject({ depth: 0, bytes: 0, settled: 300, oldestAgeMs: 0 })
    })

    test('of each key only the newest of a batch, when told so; all of them are settled', async () => {
      const { log, worker } = open({ partitions: 1 })
      for (let at = 0; at < 90; at += 1) await log.append(record(`k${at % 3}`, at))
      const receiver = new Receiver()
      worker(receiver, { isCoalescing: true })
      await expect.poll(() => log.stats(), soon).toMatchObject({ depth: 0, settled: 90 })
      expect(receiver.bodies()).toEqual(['87', '88', '89'])
      expect(receiver.batches).toEqual([3])
    })

    test('a record that fails keeps those of its key waiting, and no others', async () => {
      const { log, worker } = open({ partitions: 1 })
      const receiver = new Receiver()
      let isBroken = true
      receiver.fails = ({ key }) => (isBroken && key === 'bad' ? broken : undefined)
      for (let at = 0; at < 5; at += 1) for (const key of ['bad', 'good']) await log.append(record(key, at))
      worker(receiver, { maxTries: 1_000 })
      await expect.poll(() => receiver.bodies('good'), soon).toEqual(['0', '1', '2', '3', '4'])
      expect(receiver.given.filter(({ key }) => key === 'bad').every(({ body }) => String(body) === '0')).toBe(true)
      isBroken = false
      await expect.poll(() => receiver.bodies('bad'), soon).toEqual(['0', '1', '2', '3', '4'])
    })

    test('as many as may be of a key that waits keep no others from being read', async () => {
      const { log, worker } = open({ partitions: 1 })
      const receiver = new Receiver()
      receiver.fails = ({ key }) => (key === 'bad' ? broken : undefined)
      await Promise.all([...Array(3_000).fill('bad'), 'good'].map((key) => log.append(record(key))))
      worker(receiver, { maxTries: 1_000 })
      await expect.poll(() => receiver.bodies('good'), soon).toEqual(['good'])
    })

    test('keeps its partitions while it carries something for longer than a lease', async () => {
      const { log, worker, events } = open({ partitions: 1 })
      const receiver = new Receiver()
      receiver.takesMs = 1_500
      await log.append(record('k'))
      worker(receiver, { leaseMs: 500 })
      await expect.poll(() => log.stats(), soon).toMatchObject({ depth: 0 })
      expect(receiver.given.length).toBe(1)
      expect(events.map(({ type }) => type)).toEqual(['partition.claimed', 'records.carried'])
    })

    test('when it is cut off in the midst of settling, nothing older comes after what stood for it', async () => {
      const opened = open({ partitions: 1 })
      const { log, context } = opened
      await Promise.all(Array.from({ length: 300 }, (_, at) => log.append(record('k', at))))
      const { scripts } = context
      const runOne = scripts.runOne.bind(scripts)
      let settled = 0
      // From the second call on, as when the link is lost and does not come back.
      scripts.runOne = async (operation, toCall, mayRepeat) => {
        if (operation === 'settle' && ++settled > 1) throw new Error('cut off')
        return runOne(operation, toCall, mayRepeat)
      }
      const first = opened.worker(new Receiver(), { isCoalescing: true })
      await expect.poll(() => settled, soon).toBeGreaterThan(2)
      await first.close(1)
      const receiver = new Receiver()
      opened.again().worker(receiver, { isCoalescing: true })
      await expect.poll(() => receiver.bodies(), soon).toEqual(['299'])
    })

    test('one that is refused while others get through is a dead letter after so many tries, and its key moves on', async () => {
      const { log, worker, context, events } = open({ partitions: 1 })
      const receiver = new Receiver()
      receiver.fails = ({ body }) => (String(body) === 'poison' ? broken : undefined)
      await Promise.all([1, 'poison', 2].map((body) => log.append(record('k', body))))
      worker(receiver, { maxTries: 3 })
      let others = 0
      await expect
        .poll(async () => {
          await log.append(record('other', others++))
          return receiver.bodies('k')
        }, soon)
        .toEqual(['1', '2'])
      expect(receiver.given.filter(({ body }) => String(body) === 'poison').length).toBeGreaterThanOrEqual(3)
      expect(await new DeadLetters(context).list(10)).toMatchObject([{ key: 'k', body: Buffer.from('poison'), problem: 'refused' }])
      await expect.poll(() => receiver.buriedKeys, soon).toEqual(['k'])
      expect(events.filter((event) => event.type === 'record.failed' && event.isCounted).length).toBe(2)
      expect(events.filter(({ type }) => type === 'record.dead').length).toBe(1)
    })

    test('while nothing gets through nothing dies, however often it is tried; but by age, when told so', async () => {
      const { log, worker, events } = open({ partitions: 1 })
      const receiver = new Receiver()
      receiver.fails = () => broken
      await Promise.all([1, 2, 3, 4].map((at) => log.append(record(`k${at}`))))
      const first = worker(receiver, { maxTries: 2 })
      await expect.poll(() => events.filter(({ type }) => type === 'record.failed').length, soon).toBeGreaterThan(20)
      expect(await log.stats()).toMatchObject({ depth: 4, died: 0 })
      await first.close()
      worker(receiver, { giveUpAfterMs: 1 })
      await expect.poll(() => log.stats(), soon).toMatchObject({ depth: 0, died: 4 })
    })

    test('what a newer one that died has stood for is carried after all', async () => {
      const { log, worker } = open({ partitions: 1 })
      const receiver = new Receiver()
      receiver.fails = ({ body }) => (String(body) === 'poison' ? broken : undefined)
      for (const body of ['old', 'good', 'poison']) await log.append(record('k', body))
      await log.append(record('other'))
      worker(receiver, { isCoalescing: true, maxTries: 1 })
      await expect.poll(() => log.stats(), soon).toMatchObject({ depth: 0, died: 1 })
      expect(receiver.bodies('k')).toEqual(['good'])
    })
  })

  describe('workers', () => {
    const all = [0, 1, 2, 3]

    test('share the partitions evenly, hand over when one comes, and when one leaves', async () => {
      const a = open()
      const b = a.again()
      const receivers = [new Receiver(), new Receiver()] as const
      const first = a.worker(receivers[0])
      await expect.poll(() => first.partitions, soon).toEqual(all)
      let at = 0
      const appendSome = () => Promise.all(Array.from({ length: 40 }, () => a.log.append(record(`k${at % 8}`, at++))))
      await appendSome()
      const second = b.worker(receivers[1])
      const shares = () => [first.partitions.length, second.partitions.length]
      await expect.poll(async () => appendSome().then(shares), soon).toEqual([2, 2])
      await appendSome()
      await first.close()
      await appendSome()
      await expect.poll(() => second.partitions, soon).toEqual(all)
      await expect.poll(() => a.log.stats(), soon).toMatchObject({ depth: 0, settled: at })
      const got = [...receivers[0].got, ...receivers[1].got]
      // Nothing was under way when a partition was given up: nothing twice.
      expect(got.length).toBe(at)
      expect(new Set(got.map(({ sequence, key }) => `${key} ${sequence}`)).size).toBe(at)
      expect([...a.events, ...b.events].filter(({ type }) => type === 'partition.lost')).toEqual([])
    })

    test('more workers than partitions: the rest have none', async () => {
      const opened = open({ partitions: 1 })
      const workers = [opened, opened.again(), opened.again()].map(({ worker }) => worker(new Receiver()))
      await expect.poll(() => workers.map(({ partitions }) => partitions.length).sort(), soon).toEqual([0, 0, 1])
    })
  })
}
