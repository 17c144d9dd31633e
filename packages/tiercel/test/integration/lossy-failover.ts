import { type RunningServer, waitForSync } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { expect } from 'vitest'
import type { Cache } from '../../src/index.ts'
import { type CallPlan, randomCalls, readAll } from './random-calls.ts'

export interface LossyFailover {
  readonly primary: RunningServer
  readonly replica: RunningServer
  /** Whether a key is that primary's. */
  owns(storedKey: string): boolean
  /** Waits until the replica has taken the place of the primary, which is gone. */
  promoted(): Promise<void>
}

export const patienceMs = { timeout: 30_000, interval: 20 }
/** The namespace of the caches. */
export const namespace = 'shop'

/**
 * A failover that loses what was acknowledged: the replica hears nothing any more, everything goes on, then the primary dies and the replica takes over with
 * the data of before. Random calls all the while; each process has to keep to its own changes at any time, and to those of all once they were done again.
 */
export async function failOverLossily(plan: Omit<CallPlan, 'operations'>, failover: LossyFailover, operations: number): Promise<void> {
  const { caches } = plan
  const { primary, replica, promoted } = failover
  const lost = new LostChanges(caches, failover)
  await lost.fill()
  expect((await randomCalls({ ...plan, operations })).stale).toEqual([])
  await inSync(primary, replica)

  await cutOff(primary, replica)
  await lost.change()
  const afterCut = await randomCalls({ ...plan, operations, clears: false })
  expect([afterCut.stale, afterCut.errors]).toEqual([[], {}])
  await lost.expectOldOn(replica)

  let isOver = false
  // Others may serve what was undone until it is done again.
  const forgiving = { boundMs: Number.POSITIVE_INFINITY, exactBoundMs: Number.POSITIVE_INFINITY, clears: false, isOver: () => isOver }
  const underWay = randomCalls({ ...plan, ...forgiving, operations: Number.POSITIVE_INFINITY, lanes: 4 })
  const ownReads = lost.readByOwner(() => isOver)
  await primary.kill()
  await promoted()
  await lost.untilLinked()
  isOver = true
  expect(await ownReads).toEqual([])
  expect((await underWay).stale).toEqual([])
  expect(await lost.readByAll()).toEqual([])
  await expect.poll(() => readAll({ ...plan, operations: 0 }), patienceMs).toEqual([])
  const afterwards = await randomCalls({ ...plan, operations })
  expect([afterwards.stale, afterwards.errors]).toEqual([[], {}])
}

const keys = ['deleted', 'tagged', 'aged', 'mutated', 'mutated by tag', 'set', 'expired'] as const

/** One change of each kind that the first process makes, and that the failover loses. */
class LostChanges {
  readonly #caches: readonly Cache[]
  /** Of keys and tags, and of one that is cleared: all theirs are the primary's. */
  readonly #names: readonly [string, string]
  readonly #owns: (storedKey: string) => boolean

  constructor(caches: readonly Cache[], { owns }: LossyFailover) {
    this.#caches = caches
    this.#owns = owns
    const names = Array.from({ length: 1_000 }, (_, at) => `lost${at}`).filter((name) => owns(`tc1:t:{${namespace}/${name}:}`))
    this.#names = [names[0] as string, names[1] as string]
  }

  async fill(): Promise<void> {
    const [one, two] = this.#caches as readonly [Cache, Cache]
    for (const key of keys) {
      const tag = { tagged: ['t'], aged: ['a'], 'mutated by tag': ['m'] }[key as string] ?? []
      await this.#of(one).set(this.#key(key), 'old', { tags: tag, ttl: '5m' })
      await expect.poll(() => this.#of(two).get(this.#key(key)), patienceMs).toBe('old')
    }
    await this.#cleared(one).set(this.#clearedKey, 'old', { ttl: '5m' })
    await expect.poll(() => this.#cleared(two).get(this.#clearedKey), patienceMs).toBe('old')
  }

  async change(): Promise<void> {
    const cache = this.#of(this.#caches[0] as Cache)
    expect(await cache.delete(this.#key('deleted'))).toBe('applied')
    expect(await cache.invalidateTag('t')).toBe('applied')
    expect(await cache.expireTag('a')).toBe('applied')
    expect((await cache.mutate(this.#key('mutated'), () => undefined)).outcome).toBe('applied')
    expect((await cache.mutate({ tags: ['m'] }, () => undefined)).outcome).toBe('applied')
    expect(await cache.expire(this.#key('expired'))).toBe('applied')
    await cache.set(this.#key('set'), 'new')
    expect(await this.#cleared(this.#caches[0] as Cache).clear()).toBe('applied')
  }

  /** As another process would see it, were it the primary. */
  async expectOldOn(replica: RunningServer): Promise<void> {
    const live = new Redis(replica.url, { readOnly: true })
    for (const key of keys) {
      const held = await live.getBuffer(`tc1:e:${namespace}/${this.#names[0]}:${this.#key(key)}`)
      expect(held?.includes('old'), key).toBe(true)
    }
    live.disconnect()
  }

  /** What the process that changed them reads, again and again. @returns what it should not have read */
  async readByOwner(isOver: () => boolean): Promise<string[]> {
    const wrong = new Set<string>()
    while (!isOver()) {
      for (const each of await this.#oldOnes(this.#caches[0] as Cache, false)) wrong.add(each)
      for (const each of await this.#oldOnes(this.#caches[0] as Cache, true)) wrong.add(`${each}, exact`)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    return [...wrong]
  }

  /** All processes, exactly. */
  async readByAll(): Promise<string[]> {
    return (await Promise.all(this.#caches.map((cache) => this.#oldOnes(cache, true)))).flat()
  }

  /** Until each process has a link to the new primary. */
  async untilLinked(): Promise<void> {
    for (const cache of this.#caches) await expect.poll(() => this.#of(cache).delete(this.#key('probe')), patienceMs).toBe('applied')
  }

  async #oldOnes(cache: Cache, exact: boolean): Promise<string[]> {
    const values = await Promise.all([
      ...keys.map((key) => this.#of(cache).get(this.#key(key), { exact })),
      this.#cleared(cache).get(this.#clearedKey, { exact }),
    ])
    return values.flatMap((value, at) => (value === 'old' ? [keys[at] ?? 'cleared'] : []))
  }

  #of(cache: Cache): Cache {
    return cache.namespace(this.#names[0])
  }

  #cleared(cache: Cache): Cache {
    return cache.namespace(this.#names[1])
  }

  #key(name: string): string {
    return this.#ownKey(this.#names[0], name.replaceAll(' ', '-'))
  }

  get #clearedKey(): string {
    return this.#ownKey(this.#names[1], 'cleared')
  }

  #ownKey(within: string, name: string): string {
    for (let at = 0; ; at += 1) if (this.#owns(`tc1:e:${namespace}/${within}:${name}${at}`)) return `${name}${at}`
  }
}

async function inSync(primary: RunningServer, replica: RunningServer): Promise<void> {
  await waitForSync(replica)
  const admin = new Redis(primary.url)
  await admin.set('sync', '1').catch(() => undefined)
  await expect.poll(() => admin.wait(1, 1_000), patienceMs).toBeGreaterThanOrEqual(1)
  admin.disconnect()
}

/** The replica is refused when it comes again: its primary does not know its password. */
async function cutOff(primary: RunningServer, replica: RunningServer): Promise<void> {
  const [one, two] = [new Redis(primary.url), new Redis(replica.url)]
  await two.config('SET', 'masteruser', 'nobody')
  await two.config('SET', 'masterauth', 'nothing')
  await one.call('CLIENT', 'KILL', 'TYPE', 'replica')
  await expect.poll(() => two.info('replication'), patienceMs).toContain('master_link_status:down')
  one.disconnect()
  two.disconnect()
}
