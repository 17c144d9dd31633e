import { serverNames } from '@tiercel/test-servers'
import { afterEach, describe, expect, test } from 'vitest'
import { endsAt, openServer } from '../integration/ends.ts'
import { openLog, Receiver, record, soon } from './opened.ts'

const ends = endsAt(afterEach)

describe.each(serverNames)('a server that takes no more, %s', (name) => {
  test('refuses what is to be appended, and lets workers come, fail and settle, which makes room', async () => {
    const { server, admin } = await openServer(name, ends)
    const { log, worker } = openLog(server.url, ends)
    for (let at = 0; at < 20; at += 1) await log.append(record(`k${at}`, 'x'.repeat(1_000)))
    await admin.config('SET', 'maxmemory', '1mb')
    await expect(log.append(record('k'))).rejects.toMatchObject({ code: 'TIERCEL_SERVER_ERROR', reply: 'OOM' })
    const receiver = new Receiver()
    const failed = new Set<string>()
    receiver.fails = ({ key }) => (failed.size === failed.add(key).size ? undefined : new Error('the first time'))
    worker(receiver)
    await expect.poll(() => log.stats(), soon).toMatchObject({ depth: 0, settled: 20, retried: 20 })
  })
})
