import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { findServer } from '../src/index.ts'

let folder: string

// Nothing on PATH, not even apt-get, and nothing in the cache.
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiercel-find-'))
  vi.stubEnv('PATH', folder)
  vi.stubEnv('TIERCEL_CACHE_DIR', join(folder, 'cache'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

function pretend(name: string, version: string): string {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\necho "Server v=${version} sha=0 bits=64"\n`)
  chmodSync(path, 0o755)
  return path
}

test('one on PATH is taken when its version fits', async () => {
  const command = pretend('valkey-server', '8.0.7')
  const found = { name: 'valkey-8.0', kind: 'valkey', version: '8.0.7', source: 'path', program: { command } }
  expect(await findServer('valkey-8.0')).toMatchObject(found)
  expect(await findServer()).toMatchObject(found)
  await expect(findServer('valkey-9.1')).rejects.toMatchObject({ code: 'TIERCEL_TEST_SERVER_UNAVAILABLE' })
})

test('without a name any version will do', async () => {
  pretend('redis-server', '7.2.4')
  expect(await findServer()).toMatchObject({ name: undefined, kind: 'redis', version: '7.2.4' })
})

test('the environment comes before PATH', async () => {
  pretend('valkey-server', '8.0.1')
  vi.stubEnv('TIERCEL_SERVER_VALKEY_8_0', pretend('mine', '8.0.9'))
  expect(await findServer('valkey-8.0')).toMatchObject({ version: '8.0.9', source: 'environment' })
})

test.each([
  ['no program', () => join(folder, 'missing')],
  ['another version', () => pretend('mine', '7.0.0')],
])('a variable that names %s is refused', async (_what, path) => {
  vi.stubEnv('TIERCEL_SERVER_VALKEY_8_0', path())
  await expect(findServer('valkey-8.0')).rejects.toMatchObject({
    code: 'TIERCEL_TEST_SERVER_CONFIG',
    message: expect.stringContaining('TIERCEL_SERVER_VALKEY_8_0'),
  })
})

test('when none can be had the error says what helps', async () => {
  const error = await findServer('valkey-9.1').catch((thrown: unknown) => thrown as Error)
  expect(error).toMatchObject({ code: 'TIERCEL_TEST_SERVER_UNAVAILABLE' })
  for (const help of ['Valkey 9.1', 'PATH', 'TIERCEL_SERVER_VALKEY_9_1', 'VALKEY_URL', 'apt-get']) {
    expect((error as Error).message).toContain(help)
  }
})
