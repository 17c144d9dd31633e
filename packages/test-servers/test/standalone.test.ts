import { existsSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { type Address, ask, freePort, type RunningServer, type StartOptions, serverFromEnv, startStandalone } from '../src/index.ts'
import { serversAtHand } from './servers-at-hand.ts'
import { keep } from './stop-after-test.ts'

function start(options: StartOptions): Promise<RunningServer> {
  return keep(startStandalone(options))
}

const expected = {
  'valkey-8.0': { kind: 'valkey', version: /^8\.0\./, ifeq: false, vectors: false },
  'valkey-9.1': { kind: 'valkey', version: /^9\.[1-9]/, ifeq: true, vectors: false },
  'redis-8.0': { kind: 'redis', version: /^8\.0\./, ifeq: false, vectors: true },
} as const

for (const { server, title, missing } of await serversAtHand()) {
  describe.skipIf(missing)(title, () => {
    test('is the server asked for, with what it is there for', async () => {
      const running = await start({ server })
      const { kind, version, ifeq, vectors } = expected[server]
      expect(running).toMatchObject({ server, kind, version: expect.stringMatching(version), url: `redis://127.0.0.1:${running.port}` })
      await ask(running, ['SET', 'key', 'old'])
      expect(await accepts(running, ['SET', 'key', 'new', 'IFEQ', 'old'])).toBe(ifeq)
      expect(await accepts(running, ['VADD', 'vectors', 'VALUES', 2, 1, 0, 'element'])).toBe(vectors)
    })

    test('pauses, is killed and comes back on its port', async () => {
      const running = await start({ server })
      running.pause()
      await expect(ask(running, ['PING'], 100)).rejects.toThrow('did not answer')
      running.resume()
      expect(await ask(running, ['PING'])).toBe('PONG')
      const { pid } = running
      await running.kill()
      await expect(ask(running, ['PING'])).rejects.toThrow('ECONNREFUSED')
      await running.restart()
      expect(await ask(running, ['PING'])).toBe('PONG')
      expect(running.pid).not.toBe(pid)
    })

    test('a paused one stops too, and nothing is left', async () => {
      const running = await start({ server })
      const folder = String(((await ask(running, ['CONFIG', 'GET', 'dir'])) as string[])[1])
      expect(existsSync(folder)).toBe(true)
      running.pause()
      await Promise.all([running.stop(), running.stop()])
      expect(existsSync(folder)).toBe(false)
      expect(() => process.kill(running.pid, 0)).toThrow('ESRCH')
      expect(running.log()).toContain('Ready to accept connections')
      await expect(running.restart()).rejects.toThrow('stopped for good')
    })
  })
}

test('config lines and the port are taken over', async () => {
  const port = await freePort()
  const running = await start({ port, config: { maxmemory: '10mb', 'client-output-buffer-limit': 'pubsub 1mb 1mb 1' } })
  expect(running.port).toBe(port)
  expect(await ask(running, ['CONFIG', 'GET', 'maxmemory'])).toEqual(['maxmemory', '10485760'])
})

test('data are kept over a restart only when the config says so', async () => {
  const [forgetful, durable] = await Promise.all([start({}), start({ config: { appendonly: 'yes', appendfsync: 'always' } })])
  for (const running of [forgetful, durable]) {
    await ask(running, ['SET', 'key', 'value'])
    await running.restart()
  }
  expect(await ask(forgetful, ['GET', 'key'])).toBeNull()
  expect(await ask(durable, ['GET', 'key'])).toBe('value')
})

test('a server that loads its data is not taken for ready', async () => {
  const running = await start({ config: { appendonly: 'yes', 'key-load-delay': '500' } })
  await ask(running, ['EVAL', "for i = 1, 3000 do redis.call('SET', 'key' .. i, i) end", '0'])
  await running.restart()
  expect(await ask(running, ['GET', 'key3000'])).toBe('3000')
})

test('a server that does not start is an error with the end of its log', async () => {
  await expect(startStandalone({ config: { 'no-such-directive': '1' } })).rejects.toMatchObject({
    code: 'TIERCEL_TEST_SERVER_NOT_READY',
    message: expect.stringContaining('no-such-directive'),
  })
})

test('a given port that is taken is an error', async () => {
  const { port } = await start({})
  await expect(startStandalone({ port })).rejects.toMatchObject({ message: expect.stringMatching(/already in use/i) })
})

test('VALKEY_URL is asked who it is, with its password, and not stopped', async () => {
  const running = await start({ config: { requirepass: 'se:cret' } })
  expect(running.url).toContain(':se%3Acret@')
  vi.stubEnv('VALKEY_URL', running.url)
  const { kind, version, url, port } = running
  const external = await serverFromEnv()
  expect(external).toMatchObject({ kind, version, url, port })
  await external?.stop()
  expect(await serverFromEnv()).toMatchObject({ port })
  await running.kill()
  await expect(serverFromEnv()).rejects.toMatchObject({
    code: 'TIERCEL_TEST_SERVER_NOT_READY',
    message: expect.not.stringContaining('cret'),
  })
  vi.unstubAllEnvs()
})

async function accepts(address: Address, words: readonly (string | number)[]): Promise<boolean> {
  return ask(address, words).then(
    () => true,
    () => false,
  )
}
