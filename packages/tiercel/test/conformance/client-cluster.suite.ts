import { ask, type ClusterNode, moveSlot, slotOwner } from '@tiercel/test-servers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Client } from '../../src/client/client.ts'
import { slotOf } from '../../src/client/slot.ts'
import { type ClientTopology, command, type Open, type OpenedClient } from './client.suite.ts'
import { onAll } from './client-server-view.ts'

const withinMs = { timeout: 20_000, interval: 20 }
const unavailable = { code: 'TIERCEL_STORE_UNAVAILABLE', retryable: true }
/** Its slot is moved about. */
const key = 'wanderer'
const slot = slotOf(key)

export interface ClusterTopology extends ClientTopology {
  nodes(): readonly ClusterNode[]
}

/** What `client.ts` promises when the map of a cluster changes under the client. */
export function clusterSuite(name: string, { nodes }: ClusterTopology, open: Open): void {
  describe(`${name}: when the cluster changes`, () => {
    let opened: OpenedClient
    let client: Client

    beforeEach(async () => {
      await untilServing(nodes())
      await onAll(nodes(), ['FLUSHALL'])
      opened = await open()
      client = opened.client
      await client.ready()
    })
    afterEach(async () => {
      await client.close()
      await opened.end()
    })

    it('follows a slot that was moved', async () => {
      const { from, to } = await roles(nodes())
      expect(await client.send(command('INCR', key))).toBe(1)
      await client.send(command('DEL', key))
      await moveSlot(nodes(), slot, to)
      try {
        expect(await client.send(command('INCR', key))).toBe(1)
        expect(await Promise.all([2, 3, 4].map(() => client.send(command('INCR', key))))).toEqual([2, 3, 4])
        const batch = await client.batch([command('INCR', key), command('INCR', 'another')])
        expect(batch).toEqual([5, 1])
        expect(await ask(to, ['GET', key])).toBe('5')
      } finally {
        await onAll(nodes(), ['FLUSHALL'])
        await moveSlot(nodes(), slot, from)
      }
    })

    it('tells of it before the first command that goes to the new owner', async () => {
      const { from, to } = await roles(nodes())
      await client.send(command('RPUSH', key, 'before'))
      await client.send(command('SET', await keyOn(to), 'a link that was used before'))
      await client.send(command('DEL', key))
      let times = 0
      const { linkEpoch } = client
      client.onLink(() => {
        times++
        void client.send(command('RPUSH', key, 'told'))
      })
      await moveSlot(nodes(), slot, to)
      try {
        await Promise.all([1, 2, 3].map(() => client.send(command('RPUSH', key, 'other'))))
        expect((await client.send(command('LRANGE', key, '0', '-1'))) as Buffer[]).toEqual(
          ['told', 'other', 'other', 'other'].map((text) => Buffer.from(text)),
        )
        expect(times).toBe(1)
        expect(client.linkEpoch).toBeGreaterThan(linkEpoch)
      } finally {
        await onAll(nodes(), ['FLUSHALL'])
        await moveSlot(nodes(), slot, from)
      }
    })

    it('says that watched keys may have changed when their slot has moved, by the heartbeat alone', async () => {
      const { from, to } = await roles(nodes())
      const events: string[] = []
      const tracking = await client.track(
        { prefixes: [key], mode: 'default' },
        {
          onInvalidate: (keys) => events.push(...(keys ?? ['everything'])),
          onDown: () => events.push('down'),
          onUp: () => events.push('up'),
        },
      )
      await client.send(command('GET', key))
      await tracking.ping()
      expect(events).toEqual([])
      await moveSlot(nodes(), slot, to)
      try {
        await tracking.ping()
        expect(events).toContain('everything')
        await client.send(command('GET', key))
        await expect.poll(() => tracking.ping().then(() => events.at(-1)), withinMs).toBe('up')
        await client.send(command('GET', key))
        await ask(to, ['SET', key, 'theirs'])
        await expect.poll(() => events.at(-1), withinMs).toBe(key)
      } finally {
        await tracking.close()
        await onAll(nodes(), ['FLUSHALL'])
        await moveSlot(nodes(), slot, from)
      }
    })

    it('says that anything may have changed after a read that was answered where its slot is moving to', async () => {
      const { from, to } = await roles(nodes())
      const events: string[] = []
      await ask(to, ['CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id])
      await ask(from, ['CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id])
      try {
        await client.track({ prefixes: [key], mode: 'optin' }, { onInvalidate: (keys) => events.push(...(keys ?? ['everything'])) })
        expect(await client.send({ words: ['GET', key], key, tracked: true })).toBe(null)
        expect(events).toEqual(['everything'])
      } finally {
        await onAll([from, to], ['CLUSTER', 'SETSLOT', String(slot), 'STABLE'])
      }
    })

    it('asks where a slot is moving to', async () => {
      const { from, to } = await roles(nodes())
      await ask(to, ['CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id])
      await ask(from, ['CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id])
      try {
        expect(await Promise.all([1, 2, 3].map(() => client.send(command('INCR', key))))).toEqual([1, 2, 3])
        expect(await ask(from, ['CLUSTER', 'COUNTKEYSINSLOT', slot])).toBe(0)
        expect(await ask(to, ['CLUSTER', 'COUNTKEYSINSLOT', slot])).toBe(1)
      } finally {
        await onAll(nodes(), ['FLUSHALL'])
        await onAll([from, to], ['CLUSTER', 'SETSLOT', String(slot), 'STABLE'])
      }
    })

    it('says which keys cannot go together', async () => {
      await expect(client.send({ words: ['MGET', 'a', 'b'], key: 'a' })).rejects.toMatchObject({ reply: 'CROSSSLOT' })
    })
  })
}

/** A node is lost and comes back, for all clients at once: a cluster takes its time over that. */
export function clusterOutageSuite({ nodes }: ClusterTopology, subjects: readonly { name: string; open: Open }[]): void {
  it('a lost node takes its keys with it, not the others, and is used again when it is back', async () => {
    await untilServing(nodes())
    const opened = await Promise.all(subjects.map(({ open }) => open()))
    await Promise.all(opened.map(({ client }) => client.ready()))
    const { from, to } = await roles(nodes())
    const other = await keyOn(to)
    await from.kill()
    try {
      for (const { client } of opened) {
        await expect.poll(() => outcome(client.send(command('GET', key))), withinMs).toMatchObject(unavailable)
        expect(await client.send(command('SET', other, 'v'))).toEqual(Buffer.from('OK'))
      }
    } finally {
      await from.restart()
    }
    for (const { client } of opened) {
      await expect.poll(() => outcome(client.send(command('SET', key, 'v'))), withinMs).toEqual(Buffer.from('OK'))
      await client.close()
    }
    await Promise.all(opened.map(({ end }) => end()))
    await untilServing(nodes())
  })
}

function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error)
}

async function untilServing(nodes: readonly ClusterNode[]): Promise<void> {
  await expect
    .poll(async () => (await onAll(nodes, ['CLUSTER', 'INFO'])).every((info) => String(info).includes('cluster_state:ok')), withinMs)
    .toBe(true)
}

/** The owner of the slot, and another primary. */
async function roles(nodes: readonly ClusterNode[]): Promise<{ from: ClusterNode; to: ClusterNode }> {
  const from = await slotOwner(nodes, slot)
  return { from, to: nodes.find((other) => other !== from) as ClusterNode }
}

async function keyOn(node: ClusterNode): Promise<string> {
  for (let index = 0; index < 1000; index++) if (await owns(node, `k${index}`)) return `k${index}`
  throw new Error('the node owns no key')
}

function owns(node: ClusterNode, aKey: string): Promise<boolean> {
  return ask(node, ['GET', aKey]).then(
    () => true,
    () => false,
  )
}
