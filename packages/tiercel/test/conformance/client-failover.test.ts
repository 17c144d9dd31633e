import { ask, type Cluster, type ServerName, startCluster } from '@tiercel/test-servers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client, Tracking } from '../../src/client/client.ts'
import { slotOf } from '../../src/client/slot.ts'
import { serversAtLength } from '../test-size.ts'
import { type ClientTopology, command } from './client.suite.ts'
import { untilSent } from './client-links.suite.ts'
import { clientPackages } from './client-live.ts'
import { askOwner } from './client-server-view.ts'

const servers: readonly ServerName[] = ['valkey-8.0', 'valkey-9.1', 'redis-8.0']
const withinMs = { timeout: 30_000, interval: 20 }

/** What `client.ts` promises when a replica takes over: all clients at once, as a cluster takes its time over that. */
describe.each(serversAtLength(servers))('%s cluster with replicas', (server) => {
  let cluster: Cluster

  beforeAll(async () => {
    cluster = await startCluster({ server, primaries: 3, replicasPerPrimary: 1 })
  })
  afterAll(() => cluster.stop())

  const owner = 0
  const replica = 3
  const topology: ClientTopology = { kind: 'cluster', server, nodes: () => cluster.nodes }
  /** Of the first primary: slots 0 to 5460. */
  const tag = Array.from({ length: 100 }, (_, index) => `t${index}`).find((text) => slotOf(text) < 5000) as string

  async function eachSees(change: () => Promise<unknown>): Promise<void> {
    const opened = await Promise.all(clientPackages.map(async ({ name, open }) => ({ name, ...(await open(topology)) })))
    const subjects = opened.map((one) => {
      const key = `{${tag}}:${one.name}`
      return { ...one, key, push: (who: string) => one.client.send(command('RPUSH', key, who)) }
    })
    try {
      for (const { client, key, push } of subjects) {
        await client.ready()
        await push('before')
        await client.send(command('DEL', key))
        client.onLink(() => void push('told').catch(() => {}))
      }
      const watches = await Promise.all(subjects.map(({ client, key }) => watch(client, key)))
      const epochs = subjects.map(({ client }) => client.linkEpoch)
      await change()
      await Promise.all(subjects.map(({ push }) => untilSent(() => push('other'))))
      for (const [index, { client, key }] of subjects.entries()) {
        expect.soft(String(await askOwner(cluster.nodes, ['LINDEX', key, '0'])), key).toBe('told')
        expect.soft(client.linkEpoch).toBeGreaterThan(epochs[index] as number)
      }
      for (const [index, { name, events, tracking }] of watches.entries()) {
        const { client, key } = subjects[index] as (typeof subjects)[number]
        await expect.poll(() => tracking.ping().then(() => events.at(-1), String), withinMs).toMatch(/^(up|everything)$/)
        expect.soft(events, name).toContain('down')
        // Links may still be changing: then what was read has to be read again.
        await expect
          .poll(async () => {
            await client.send({ words: ['LLEN', key], key, tracked: true })
            await askOwner(cluster.nodes, ['RPUSH', key, 'theirs'])
            return events
          }, withinMs)
          .toContain(key)
      }
    } finally {
      for (const { client, end } of subjects) {
        await client.close()
        await end()
      }
    }
  }

  /** In the mode that remembers who read a key: the new primary knows of nobody. */
  async function watch(client: Client, key: string): Promise<{ name: string; events: string[]; tracking: Tracking }> {
    const events: string[] = []
    const tracking = await client.track(
      { prefixes: [key], mode: 'optin', noLoop: true },
      {
        onInvalidate: (keys) => events.push(...(keys ?? ['everything'])),
        onDown: () => events.push('down'),
        onUp: () => events.push('up'),
      },
    )
    await client.send({ words: ['LLEN', key], key, tracked: true })
    return { name: key, events, tracking }
  }

  const role = (index: number) =>
    ask(cluster.nodes[index] as (typeof cluster.nodes)[number], ['ROLE']).then((reply) => String((reply as unknown[])[0]))

  it('tells of the new primary before the first command that goes there: handed over', async () => {
    await eachSees(async () => {
      await ask(cluster.nodes[replica] as (typeof cluster.nodes)[number], ['CLUSTER', 'FAILOVER'])
      await expect.poll(() => role(replica), withinMs).toBe('master')
      await expect.poll(() => role(owner), withinMs).toBe('slave')
    })
  })

  it('tells of the new primary before the first command that goes there: after a crash', async () => {
    await eachSees(async () => {
      await cluster.nodes[replica]?.kill()
      await expect.poll(() => role(owner), withinMs).toBe('master')
    })
  })
})
