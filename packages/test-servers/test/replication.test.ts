import { describe, expect, test } from 'vitest'
import { type Address, ask, type RunningServer, startReplicated, startSentinel } from '../src/index.ts'
import { waitUntil } from '../src/wait-until.ts'
import { serversAtHand } from './servers-at-hand.ts'
import { keep } from './stop-after-test.ts'

for (const { server, title, missing } of await serversAtHand()) {
  describe.skipIf(missing)(title, () => {
    test('replicas follow their primary', async () => {
      const { primary, replicas } = await keep(startReplicated({ server, replicas: 2 }))
      await ask(primary, ['SET', 'key', 'value'])
      for (const replica of replicas) await waitUntil('replicated', 5000, async () => (await ask(replica, ['GET', 'key'])) === 'value')
      await expect(ask(replicas[0] as RunningServer, ['SET', 'key', 'value'])).rejects.toMatchObject({
        message: expect.stringContaining('READONLY'),
      })
    })

    test('sentinels replace a primary that is gone', async () => {
      const { masterName, sentinels, primary, replicas } = await keep(startSentinel({ server }))
      const [sentinel, replica] = [sentinels[0] as Address, replicas[0] as RunningServer]
      expect(sentinels).toHaveLength(3)
      expect(await primaryPort(sentinel, masterName)).toBe(primary.port)
      await primary.kill()
      await waitUntil('failover', 30_000, async () => (await primaryPort(sentinel, masterName)) === replica.port)
      expect(await ask(replica, ['SET', 'key', 'value'])).toBe('OK')
    })
  })
}

async function primaryPort(sentinel: Address, name: string): Promise<number> {
  const [, port] = (await ask(sentinel, ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name])) as [string, string]
  return Number(port)
}
