import { setTimeout as sleep } from 'node:timers/promises'
import { closedLoop, createRandom, type Random } from '@tiercel/workloads'
import { afterEach, describe, expect, test } from 'vitest'
import { adaptClient } from '../../src/client/adapt.ts'
import type { Client } from '../../src/client/client.ts'
import { type Cache, createCache, valkeyStore } from '../../src/index.ts'
import type { FaultProxy } from '../../src/testing/faults/fault-proxy.ts'
import { endsAt, openProxy, openServer } from '../integration/ends.ts'
import { testSize } from '../test-size.ts'
import { quickPackages } from './quick-clients.ts'

/** Of all client packages together. */
const calls = testSize({ small: 20_000, ci: 1_000_000, release: 5_000_000 })
const callsEach = calls / quickPackages.length
const keys = 1_000
const ends = endsAt(afterEach)

interface Tally {
  answered: number
  failed: number
  readonly foreign: string[]
}

/** Each asks for something that only one answer fits. */
class Asker {
  readonly tally: Tally = { answered: 0, failed: 0, foreign: [] }
  readonly #client: Client
  readonly #cache: Cache
  readonly #random: Random

  constructor(client: Client, cache: Cache, random: Random) {
    this.#client = client
    this.#cache = cache
    this.#random = random
  }

  /** While there is no link nothing is asked: what is refused at once cannot be answered by a stranger. */
  async ask(index: number): Promise<void> {
    while (!this.#client.isReady) await sleep(1)
    const how = this.#random.next()
    try {
      await (how < 0.5 ? this.#echo(index) : how < 0.75 ? this.#get() : this.#getOrSet())
    } catch {
      this.tally.failed += 1
    }
  }

  async #echo(index: number): Promise<void> {
    const text = `call ${index}`
    this.#judge(text, String(await this.#client.send({ words: ['ECHO', text] })))
  }

  async #get(): Promise<void> {
    const key = this.#key()
    const found = await this.#cache.get<string>(key)
    this.#judge(`of ${key}`, found ?? `of ${key}`)
  }

  /** Half of the callers leave before they have an answer. */
  async #getOrSet(): Promise<void> {
    const key = this.#key()
    const leaving = new AbortController()
    if (this.#random.next() < 0.5) setImmediate(() => leaving.abort())
    const options = { signal: leaving.signal, forceFresh: this.#random.next() < 0.05 }
    this.#judge(`of ${key}`, await this.#cache.getOrSet(key, async () => `of ${key}`, options))
  }

  #judge(expected: string, got: string): void {
    this.tally.answered += 1
    if (got !== expected) this.tally.foreign.push(`${expected}: ${got}`)
  }

  #key(): string {
    return `k${this.#random.integer(keys)}`
  }
}

/** Answers that are late beyond the deadlines of who asked, and then come all the same; links that break. */
async function disturb(proxy: FaultProxy, client: Client, random: Random, isOver: () => boolean): Promise<void> {
  for (let round = 0; !isOver(); round += 1) {
    await sleep(20 + random.integer(60))
    while (!client.isReady && !isOver()) await sleep(5)
    if (round % 3 === 0) proxy.kill('reset')
    else {
      const lift = proxy.impose({ flow: 'hold' }, { direction: 'to-client' })
      await sleep(10 + random.integer(40))
      lift()
    }
  }
}

describe.each(quickPackages)('on $name', ({ name, standalone, coherence }) => {
  test(
    `nobody gets the answer to another's question, whatever is aborted, late or cut: ${callsEach} calls`,
    async () => {
      const { server } = await openServer('valkey-9.1', ends)
      const proxy = await openProxy(server, ends)
      const live = await standalone(proxy.url)
      const l2 = valkeyStore(live.live, { timeout: 20, breaker: false })
      const cache = createCache({ l1: false, l2, lockTimeout: 50, coherence: coherence ?? {} })
      ends.push(
        () => live.end(),
        () => cache.close({ drainMs: 0 }),
      )
      await cache.setMany(Array.from({ length: keys }, (_, at) => [`k${at}`, `of k${at}`] as const)).catch(() => undefined)
      const random = createRandom(`strangers ${name}`)
      const client = adaptClient(live.live)
      await client.ready()
      const asker = new Asker(client, cache, random.fork('calls'))
      let isOver = false
      const disturbed = disturb(proxy, client, random.fork('faults'), () => isOver)
      await closedLoop({ operations: callsEach, concurrency: 100, run: (index) => asker.ask(index) })
      isOver = true
      await disturbed
      proxy.heal()
      const { answered, failed, foreign } = asker.tally
      const { killed } = proxy.counts
      console.info(
        `${name}: ${answered} answers, ${failed} calls that failed or were left, ${killed} links killed, ${foreign.length} foreign`,
      )
      expect(foreign).toEqual([])
      expect(answered + failed).toBe(callsEach)
      expect(answered).toBeGreaterThan(callsEach / 2)
      expect(killed).toBeGreaterThan(0)
    },
    120_000 + callsEach * 2,
  )
})
