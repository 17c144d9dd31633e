import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { freePort } from '@tiercel/test-servers'
import { afterEach, expect, test } from 'vitest'
import { compiled } from '../fleet/compiled.ts'
import { WorkerProcess } from '../fleet/worker-process.ts'
import { endsAt, openServer } from '../integration/ends.ts'

const run = promisify(execFile)
const limitMs = 20_000
const ends = endsAt(afterEach)
const program = new URL('./ending.worker.ts', import.meta.url)

/** @returns what it printed. Rejects when it had to be ended, or ended with another code than 0. */
async function printed(how: string, url: string): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, [compiled(program), how, url], { timeout: limitMs })
  return stdout + stderr
}

test.each(['left open', 'closed', 'closed twice'])('a program whose cache is %s ends by itself and prints nothing', async (how) => {
  const { server } = await openServer('valkey-9.1', ends)
  expect(await printed(how, server.url)).toBe('')
})

test('also when there was no server', async () => {
  expect(await printed('closed', `redis://127.0.0.1:${await freePort()}`)).toBe('')
})

test('also when the server hangs', async () => {
  const { server } = await openServer('valkey-9.1', ends)
  server.pause()
  ends.push(() => server.resume())
  expect(await printed('closed', server.url)).toBe('')
})

test('a process of a test that leaves a rejection unhandled fails the test, though it had answered', async () => {
  const worker = new WorkerProcess<object, object>(new URL('./careless.worker.ts', import.meta.url), {})
  await worker.ready
  expect(await worker.run({})).toMatchObject({ isFine: true })
  await expect
    .poll(
      () =>
        worker.run({}).then(
          () => 'runs',
          (error: Error) => error.message,
        ),
      { timeout: 5_000 },
    )
    .toContain('code 1')
  await expect(worker.kill()).rejects.toThrow('ended by itself: code 1')
})
