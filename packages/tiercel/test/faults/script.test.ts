import { type RunningServer, startStandalone } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { FakeClock } from '../../src/testing/fake-clock.ts'
import { FaultProxy } from '../../src/testing/faults/fault-proxy.ts'
import type { FaultScript, FaultStep } from '../../src/testing/faults/fault-script.ts'

const waiting = { timeout: 10_000, interval: 2 }

let server: RunningServer
let clock: FakeClock
let proxy: FaultProxy
let client: Redis

const connectTo = (url: string): Redis => {
  const made = new Redis(url, { enableReadyCheck: false, disableClientInfo: true, retryStrategy: () => 5, maxRetriesPerRequest: 0 })
  return made.on('error', () => undefined)
}

beforeAll(async () => {
  server = await startStandalone()
})
afterAll(() => server.stop())
beforeEach(async () => {
  clock = new FakeClock()
  proxy = await FaultProxy.start(server, { clock })
  client = connectTo(proxy.url)
})
afterEach(async () => {
  client.disconnect()
  await proxy.close()
})

/** One letter a reply: that of the error, or a dot. */
async function replies(of: Redis, count: number): Promise<string> {
  const all = await Promise.allSettled(Array.from({ length: count }, () => of.get('key')))
  return all.map((reply) => (reply.status === 'fulfilled' ? '.' : String(reply.reason.message)[0])).join('')
}

describe('a script', () => {
  test('is taken step by step, between the commands of one pipeline', async () => {
    await client.ping()
    const run = proxy.play({
      steps: [
        { afterCommands: 6, lift: 'read-only' },
        { afterCommands: 2, answer: { with: 'READONLY', command: 'GET' }, name: 'read-only' },
        { afterCommands: 4, answer: { with: 'BUSY', times: 1 } },
      ],
    })
    expect(await replies(client, 8)).toBe('..RRBR..')
    await run.done
    expect(proxy.log.map((event) => ('step' in event ? event.step : event.kind))).toEqual([
      2,
      ...of('answered', 2),
      3,
      ...of('answered', 2),
      1,
    ])
  })

  test('goes by the clock, which is the proxy’s', async () => {
    proxy.play({
      steps: [
        { atMs: 0, answer: { with: 'LOADING' }, name: 'start' },
        { atMs: 3_000, lift: 'start' },
        { atMs: 5_000, answer: { with: 'OOM', command: 'GET' } },
        { atMs: 6_000, heal: true },
      ],
    })
    expect(await replies(client, 1)).toBe('L')
    clock.pass(2_999)
    expect(await replies(client, 1)).toBe('L')
    clock.pass(1)
    expect(await replies(client, 1)).toBe('.')
    clock.pass(2_000)
    expect(await replies(client, 1)).toBe('O')
    clock.pass(60_000)
    expect(await replies(client, 1)).toBe('.')
    expect([clock.waiting, proxy.log.filter(({ kind }) => kind === 'step').length]).toEqual([0, 4])
  })

  test('breaks connections, refuses them, holds them, and ends halves', async () => {
    await client.ping()
    const run = proxy.play({
      steps: [
        { atMs: 1, impose: { flow: 'hold' }, direction: 'to-client', links: { number: 1 }, name: 'held' },
        { atMs: 2, lift: 'held' },
        { atMs: 3, refuse: true },
        { atMs: 3, kill: 'reset', links: { hasSent: 'ping' } },
        { atMs: 4, heal: true },
        { atMs: 5, halfClose: 'to-client' },
      ],
    })
    clock.pass(1)
    const held = client.get('key')
    await vi.waitFor(() => expect(proxy.links[0]?.commands).toBe(2), waiting)
    clock.pass(1)
    expect(await held).toBe(null)
    clock.pass(1)
    await vi.waitFor(() => expect(proxy.counts.refused).toBeGreaterThan(0), waiting)
    expect(proxy.counts).toMatchObject({ opened: 1, killed: 1 })
    clock.pass(1)
    await vi.waitFor(async () => expect(await client.ping()).toBe('PONG'), waiting)
    const ended = new Promise((resolve) => client.once('close', resolve))
    clock.pass(1)
    await Promise.all([ended, run.done])
  })

  test('stops when it is told to, and when the proxy is closed', async () => {
    const run = proxy.play({ steps: [{ atMs: 10, answer: { with: 'BUSY' } }] })
    run.stop()
    run.stop()
    await run.done
    clock.pass(20)
    expect(await replies(client, 1)).toBe('.')
    const other = proxy.play({ steps: [{ atMs: 10, heal: true }] })
    await proxy.close()
    await other.done
    expect(clock.waiting).toBe(0)
  })

  test('gives the same replies and the same log when it is played again', async () => {
    const script: FaultScript = JSON.parse(
      JSON.stringify({
        seed: 'again',
        steps: [
          { afterCommands: 0, answer: { with: 'LOADING', command: 'GET', probability: 0.3 } },
          { afterCommands: 0, impose: { split: { every: 5 }, jitterMs: 1 } },
          { afterCommands: 20, answer: { with: { error: 'NOAUTH Authentication required.' }, probability: 0.5, when: 'after' } },
          { afterCommands: 45, answer: { command: 'GET', with: { firstBytes: 2, then: 'reset' }, nth: 3 } },
        ],
      } satisfies FaultScript),
    )
    const outcomes = []
    for (const seed of [1, 2, 3]) {
      const other = await FaultProxy.start(server, { seed })
      const run = other.play(seed === 3 ? { ...script, seed: 'otherwise' } : script)
      const through = connectTo(other.url)
      outcomes.push({ replies: await replies(through, 60), log: other.log })
      await run.done
      through.disconnect()
      await other.close()
    }
    const [first, second, third] = outcomes
    expect(first).toEqual(second)
    expect(first?.replies).toMatch(/L.*N/)
    expect(third?.replies).not.toBe(first?.replies)
  })
})

test.each<[string, unknown]>([
  ['no list', {}],
  ['no moment', { steps: [{ heal: true }] }],
  ['two moments', { steps: [{ atMs: 1, afterCommands: 1, heal: true }] }],
  ['a moment before the start', { steps: [{ atMs: -1, heal: true }] }],
  ['half a command', { steps: [{ afterCommands: 0.5, heal: true }] }],
  ['nothing to do', { steps: [{ atMs: 1 }] }],
  ['two things to do', { steps: [{ atMs: 1, heal: true, refuse: true }] }],
  ['something to lift that was never named', { steps: [{ atMs: 1, lift: 'x' }] }],
  [
    'something to lift that has no name',
    {
      steps: [
        { atMs: 1, heal: true },
        { atMs: 2, lift: undefined },
      ],
    },
  ],
  ['a misspelt name', { steps: [{ atMs: 1, impose: {}, nam: 'x' }] }],
  ['a condition out of range', { steps: [{ atMs: 1, impose: { delayMs: 'long' } }] }],
  ['an error nobody knows', { steps: [{ atMs: 1, answer: { with: 'NOPE' } }] }],
  ['what is no plain data', { steps: [{ atMs: 1, answer: { with: 'BUSY', key: /x/ } }] }],
  ['connections that nobody can mean', { steps: [{ atMs: 1, kill: 'reset', links: { number: 0 } }] }],
  ['a direction nobody knows', { steps: [{ atMs: 1, halfClose: 'both' }] }],
  ['a seed that is none', { steps: [], seed: {} }],
  ['no step', { steps: [null] as unknown as FaultStep[] }],
])('%s is refused before anything is done', async (_, script) => {
  const steps = (script as { steps?: unknown[] }).steps
  const good = { atMs: 0, answer: { with: 'BUSY' } }
  const given = steps === undefined ? script : { ...(script as object), steps: [good, ...steps] }
  expect(() => proxy.play(given as FaultScript)).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^TIERCEL_(INVALID|UNKNOWN)_OPTION$/) }),
  )
  expect(proxy.log).toEqual([])
})

function of(kind: string, count: number): string[] {
  return Array.from({ length: count }, () => kind)
}
