import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningServer, serverNames, startStandalone } from '@tiercel/test-servers'
import { createRandom } from '@tiercel/workloads'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { adaptClient } from '../../../src/client/adapt.ts'
import type { Client, Reply, Tracking, Word } from '../../../src/client/client.ts'
import { ServerError } from '../../../src/kernel/errors.ts'
import { testSize } from '../../test-size.ts'
import { weaken } from '../weakened.ts'
import { type Connection, ModelServer } from './model-server.ts'
import { allKeys, channel, counter, prefixes, RandomCommands } from './random-commands.ts'

const sequences = testSize({ small: 4, ci: 40, release: 400 })
const commandsPerSequence = 250
/** Both are asked a moment after each other. */
const slackMs = 2_000
const shortMs = 12
const deadlineDigits = 13
const itemBytes = 25
/** Of a counter that was made of the time; smaller ones are compared as they are. */
const leastTimeUs = 1e15

const mostSequences = 10

/** Models that are wrong in one thing. */
const wrong: readonly (readonly [string, (model: ModelServer) => void])[] = [
  ['a removal that is not told of', (model) => vi.spyOn(model, 'remove').mockImplementation((key) => model.contents.delete(key))],
  [
    'a read that takes nothing away that has run out',
    (model) => vi.spyOn(model, 'find').mockImplementation((key) => model.contents.get(key)),
  ],
  ['a fence that forgets that it was contended', (model) => weaken(model, 'contended flag')],
  ['a late tag that is not counted', (model) => weaken(model, 'late-tag check')],
  ['a dead fence that is not counted', (model) => weaken(model, 'dead fence of a tag counts')],
  ['a lease that is put over values', (model) => weaken(model, 'lease')],
]

describe.each(serverNames)('the model of a server, beside %s', (name) => {
  let server: RunningServer
  let live: Redis
  let client: Client
  let tracking: Tracking
  let pushed: string[] = []
  const messages: string[] = []

  beforeAll(async () => {
    server = await startStandalone({ server: name })
    live = new Redis(server.url)
    client = adaptClient(live)
    await client.ready()
    tracking = await client.track({ prefixes }, { onInvalidate: (keys) => void pushed.push(...(keys ?? ['everything'])) })
    await client.subscribe([channel], { onMessage: (_, message) => void messages.push(message.toString('latin1')) })
  })
  afterAll(async () => {
    await client.close()
    live.disconnect()
    await server.stop()
  })

  test(`answers, holds and tells the same, in ${sequences} sequences of commands`, { timeout: 3_600_000 }, async () => {
    for (let seed = 0; seed < sequences; seed += 1) await compare(seed)
  })

  test.each(wrong)('%s is noticed', async (_, spoil) => {
    const noticed = Array.from({ length: mostSequences }, (_, seed) => () => compare(seed, spoil))
    await expect(
      (async () => {
        for (const compareOne of noticed) await compareOne()
      })(),
    ).rejects.toThrow()
  })

  async function compare(seed: number, spoil: (model: ModelServer) => void = () => undefined): Promise<void> {
    const random = createRandom(`${name} ${seed}`)
    let realMs = 0
    const model = new ModelServer(() => realMs, { canCompare: name === 'valkey-9.1' })
    spoil(model)
    let told: string[] = []
    const heard: string[] = []
    const tracker = connect(model, (push) => {
      if (push.kind === 'invalidate') told.push(...(push.keys ?? ['everything']))
    })
    const subscriber = connect(model, (push) => {
      if (push.kind === 'message') heard.push(push.message.toString('latin1'))
    })
    const data = connect(model, () => undefined)
    model.execute(tracker, ['CLIENT', 'TRACKING', 'ON', 'BCAST', ...prefixes.flatMap((prefix) => ['PREFIX', prefix])])
    model.execute(subscriber, ['SUBSCRIBE', channel])

    const both = async (commands: readonly (readonly Word[])[]): Promise<[Reply | Error, Reply][]> => {
      const [time, ...real] = await client.batch([['TIME'], ...commands].map((words) => ({ words })))
      const [seconds, us] = (time as Buffer[]).map(Number) as [number, number]
      realMs = seconds * 1_000 + us / 1_000
      const answers = commands.map((words) => model.execute(data, words))
      model.endTurn()
      return answers.map((answer, at) => [real[at] as Reply | Error, answer])
    }

    const look = async (): Promise<string> => {
      const replies = await both([['MGET', ...allKeys], ...allKeys.map((key) => ['PTTL', key])])
      const [contents, ...lives] = replies
      const problems: string[] = []
      allKeys.forEach((key, at) => {
        const [real, modelled] = (contents as [Buffer[], Buffer[]]).map((all) => all[at]) as [Buffer | null, Buffer | null]
        const [realLife, modelLife] = lives[at] as [number, number]
        if (!isSame(real, modelled)) problems.push(`${key} holds ${show(real)}, in the model ${show(modelled)}`)
        if (!isNear(realLife, modelLife)) problems.push(`${key} lives for ${realLife} ms, in the model for ${modelLife}`)
        // What the two clocks made different is not to be different for ever.
        const content = model.contents.get(key)
        if (real !== null && content !== undefined) {
          const endsAtMs = realLife < 0 ? content.endsAtMs : Math.floor(realMs) + realLife
          model.contents.set(key, { ...content, text: real.toString('latin1'), endsAtMs })
        }
      })
      return problems.join('\n')
    }

    await both([['FLUSHALL'], ['SCRIPT', 'FLUSH'], ...(seed % 4 === 0 ? [] : [['SET', counter, String(seed)]])])
    await tracking.ping()
    pushed = []
    told = []
    messages.length = 0
    const drawn = new RandomCommands(random, (key) => {
      const content = model.contents.get(key)
      return content === undefined || content.isList ? undefined : Buffer.from(content.text, 'latin1')
    })
    for (let at = 0; at < commandsPerSequence; at += 1) {
      const { words, isShort } = drawn.draw()
      const what = `${name}, seed ${seed}, command ${at}: ${words.map(show).join(' ')}`
      const [answers] = await both([words])
      const [real, modelled] = answers as [Reply | Error, Reply]
      expect(isSame(real, modelled), `${what}\nanswers ${show(real)}, the model ${show(modelled)}`).toBe(true)
      if (isShort) await sleep(shortMs)
      expect(await look(), what).toBe('')
      await tracking.ping()
      expect([...new Set(pushed)].sort(), `${what}: told of`).toEqual([...new Set(told)].sort())
      pushed = []
      told = []
      if (words[0] === 'PUBLISH') await vi.waitFor(() => expect(messages).toEqual(heard), { timeout: 5_000, interval: 1 })
    }
  }
})

function connect(model: ModelServer, push: Connection['push']): Connection {
  const connection = { prefixes: undefined, channels: new Set<string>(), push }
  model.connections.add(connection)
  return connection
}

/** But for instants, which are near. */
function isSame(one: Reply | Error, other: Reply | Error): boolean {
  if (one instanceof ServerError && other instanceof ServerError) return one.reply === other.reply
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, at) => isSame(item, other[at] as Reply))
  if (Buffer.isBuffer(one) && Buffer.isBuffer(other))
    return one.equals(other) || areNearContents(one.toString('latin1'), other.toString('latin1'))
  return one === other || (typeof one === 'number' && typeof other === 'number' && isNear(one, other, leastTimeUs, slackMs * 1_000))
}

function isNear(one: number, other: number, least = 0, slack = slackMs): boolean {
  return one === other || (one > least && other > least && Math.abs(one - other) < slack)
}

function areNearContents(one: string, other: string): boolean {
  if (one.length !== other.length) return false
  if (one[0] === 'F' && one.length > 2) return areNearFences(one, other)
  const start = one.length - 16
  return (
    one.slice(0, start) === other.slice(0, start) &&
    isNear(Number(one.slice(start)), Number(other.slice(start)), leastTimeUs, slackMs * 1_000)
  )
}

function areNearFences(one: string, other: string): boolean {
  for (let at = 2; at < one.length; at += itemBytes) {
    const end = at + itemBytes - deadlineDigits
    if (one.slice(at, end) !== other.slice(at, end)) return false
    const [left, right] = [one, other].map((text) => text.slice(end, end + deadlineDigits)) as [string, string]
    if (left !== right && !isNear(Number(left), Number(right))) return false
  }
  return one.slice(0, 2) === other.slice(0, 2)
}

function show(what: Reply | Error | Word): string {
  if (what instanceof Error) return what.message
  if (Array.isArray(what)) return `[${what.map(show).join(', ')}]`
  if (what === null || typeof what === 'number') return String(what)
  const text = typeof what === 'string' ? what : what.toString('latin1')
  return text.length > 200 ? `(${text.length} bytes)` : JSON.stringify(text)
}
