import { readFileSync } from 'node:fs'
import { type RunningServer, serverNames, startCluster, startReplicated, startStandalone } from '@tiercel/test-servers'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, test } from 'vitest'
import { adaptClient } from '../../src/client/adapt.ts'
import { packagesOn } from '../conformance/live-clients.ts'
import { endsAt } from '../integration/ends.ts'
import { serversAtLength, testSize } from '../test-size.ts'
import { MemorySource } from './memory-source.ts'
import { entryKeyOf, openLog, quick, soon, template } from './opened.ts'

const ends = endsAt(afterEach)

async function start(
  server: (typeof serverNames)[number],
  config: Record<string, string>,
): Promise<{ running: RunningServer; admin: Redis }> {
  const running = await startStandalone({ server, config })
  const admin = new Redis(running.url)
  admin.on('error', () => undefined)
  ends.push(
    () => running.stop(),
    () => admin.disconnect(),
  )
  return { running, admin }
}

describe.each(serversAtLength(serverNames))('what an append survives, as %s says', (name) => {
  test('by its configuration, asked again on a new link', async () => {
    const { running, admin } = await start(name, {})
    const { put } = openLog(running.url, ends, { worker: false })
    const durability = async () => (await put(1, 1)).durability
    expect(await durability()).toBe('memory')
    const changes = [
      ['yes', 'everysec', 'aof-everysec'],
      ['yes', 'always', 'aof-always'],
      ['yes', 'no', 'memory'],
    ] as const
    for (const [appendonly, appendfsync, expected] of changes) {
      await admin.config('SET', 'appendonly', appendonly)
      await admin.config('SET', 'appendfsync', appendfsync)
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await expect.poll(() => durability().catch(() => undefined), soon).toBe(expected)
    }
  })

  test('to a user that may not ask for it: an append-only file counts as written every second', async () => {
    const { running, admin } = await start(name, { appendonly: 'yes', appendfsync: 'always' })
    const line = readFileSync(new URL('../../tiercel.acl', import.meta.url), 'utf8').match(/^user (.*)$/m)?.[1] as string
    await admin.call('ACL', 'SETUSER', ...line.split(' '))
    await admin.call('ACL', 'LOG', 'RESET')
    const { put, log } = openLog(running.url.replace('://', '://tiercel:change-this-password@'), ends, {
      worker: { ...quick, giveUpAfter: 1 },
    })
    const source = new MemorySource()
    source.refuses = (value) => value === 'poison'
    log.source(template, source as never)
    expect((await put(1, 1)).durability).toBe('aof-everysec')
    // All that a log and its workers do.
    await put(2, 'poison')
    await expect.poll(() => log.stats(), soon).toMatchObject({ depth: 0, deadLetters: 1 })
    await log.deadLetters.replayAll()
    await expect.poll(() => log.deadLetters.list().then(([letter]) => letter && log.deadLetters.drop(letter.id)), soon).toBe(true)
    expect(await log.pending(template, entryKeyOf(1))).toBeUndefined()
    await log.close()
    const refused = (await admin.call('ACL', 'LOG')) as unknown[][]
    expect(refused.map((entry) => entry[entry.indexOf('object') + 1])).toEqual(['config|get'])
  })
})

test('is on as many replicas as asked for, or the caller is told', async () => {
  const topology = await startReplicated({ server: 'valkey-9.1', replicas: 1 })
  ends.push(() => topology.stop())
  for (const { open } of packagesOn('standalone').slice(0, testSize({ small: 2, ci: 9, release: 9 }))) {
    const { live, end } = await open([topology.primary.url])
    ends.push(end)
    const { put, log } = openLog(live, ends, { worker: false, replicas: 1 })
    const all = await Promise.all([1, 2, 3].map((id) => put(id, id)))
    expect(all.map(({ durability }) => durability)).toEqual(Array(3).fill('replicated(1)'))
    expect((await log.stats()).depth).toBe(3)
  }
  const two = openLog(topology.primary.url, ends, { worker: false, replicas: 2, timeout: '1s' })
  await expect(two.put(1, 1)).rejects.toMatchObject({
    code: 'TIERCEL_NOT_REPLICATED',
    retryable: false,
    message: expect.stringContaining('1 of 2'),
  })
  // It is there all the same.
  expect((await two.log.pending(template, entryKeyOf(1)))?.change).toEqual({ kind: 'store', value: 1 })
})

test('what a new link says of replicas is nothing about what was appended on the old one', async () => {
  const topology = await startReplicated({ server: 'valkey-9.1', replicas: 1 })
  const admin = new Redis(topology.primary.url)
  const live = new Redis(topology.primary.url)
  live.on('error', () => undefined)
  ends.push(
    () => topology.stop(),
    () => admin.disconnect(),
    () => live.disconnect(),
  )
  const client = adaptClient(live)
  const send = client.send.bind(client)
  client.send = async (command) => {
    if (command.words[0] !== 'WAIT') return send(command)
    const epoch = client.linkEpoch
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await expect.poll(() => client.isReady && client.linkEpoch > epoch, soon).toBe(true)
    return send(command)
  }
  const { put } = openLog(client, ends, { worker: false, replicas: 1 })
  await expect(put(1, 1)).rejects.toMatchObject({ code: 'TIERCEL_NOT_REPLICATED' })
})

describe('a policy that may evict writes', () => {
  test.each([
    ['allkeys-lru', ['evicts-writes']],
    ['volatile-lru', []],
    ['noeviction', []],
  ])('%s: %j', async (policy, expected) => {
    const { running } = await start('valkey-9.1', { maxmemory: '100mb', 'maxmemory-policy': policy })
    const { put, events } = openLog(running.url, ends, { worker: false })
    await put(1, 1)
    await put(1, 2)
    expect(events.flatMap((event) => (event.type === 'advice.given' ? [event.code] : []))).toEqual(expected)
  })
})

test('on a cluster the least of its primaries counts', async () => {
  const cluster = await startCluster({ server: 'valkey-9.1', primaries: 3, config: { appendonly: 'yes' } })
  ends.push(() => cluster.stop())
  const { live, end } = await (packagesOn('cluster')[1] as ReturnType<typeof packagesOn>[number]).open(cluster.urls)
  ends.push(end)
  expect((await openLog(live, ends, { worker: false }).put(1, 1)).durability).toBe('aof-everysec')
  const admin = new Redis(cluster.urls[1] as string)
  await admin.config('SET', 'appendonly', 'no')
  admin.disconnect()
  expect((await openLog(live, ends, { worker: false }).put(1, 1)).durability).toBe('memory')
})
