import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '@tiercel/test-servers'
import { afterEach, expect, test } from 'vitest'
import { compiled } from '../fleet/compiled.ts'
import { endsAt, openServer } from '../integration/ends.ts'
import { projectRoot } from '../package/doors.ts'
import { codeBlocksOf } from '../package/markdown.ts'

const ends = endsAt(afterEach)
const loadMs = 600
const mark = '<!-- shutdown -->'

/** The program of the page, with a source that takes its time, on the sources of this project. */
function programOfPage(): URL {
  const page = readFileSync(join(projectRoot, 'docs/concepts/faults.md'), 'utf8')
  const [block] = codeBlocksOf(page.slice(page.indexOf(mark)))
  const slow = `({ product, price: await new Promise<number>((resolve) => setTimeout(resolve, ${loadMs}, 7)) })`
  const code = block?.code.replace('({ product, price: 7 })', slow).replace("from 'tiercel'", "from '../src/index.ts'") as string
  expect(code).toContain(slow)
  const file = new URL(`../shutdown-${process.pid}.tmp.ts`, import.meta.url)
  ends.push(() => rmSync(file))
  writeFileSync(file, code)
  return file
}

async function start(url: string) {
  const port = await freePort()
  const env = { ...process.env, VALKEY_URL: url, PORT: String(port) }
  const child = spawn(process.execPath, [compiled(programOfPage())], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  ends.push(() => child.kill('SIGKILL'))
  const output: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
  const get = (product: string): Promise<unknown> => fetch(`http://127.0.0.1:${port}/${product}`).then((response) => response.json())
  await expect.poll(() => get('first').catch(() => undefined), { timeout: 20_000 }).toEqual({ product: '/first', price: 7 })
  return { child, get, printed: () => Buffer.concat(output).toString() }
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'the program of the page answers what is under way after %s, stores it, and ends by itself',
  async (signal) => {
    const { server, admin } = await openServer('valkey-9.1', ends)
    const { child, get, printed } = await start(server.url)
    const exited = once(child, 'exit')
    const underWay = get('second')
    // It has taken the request when its lease is there.
    await expect.poll(() => admin.keys('tc1:e:*second*'), { timeout: 10_000 }).toHaveLength(1)
    child.kill(signal)
    expect(await underWay).toEqual({ product: '/second', price: 7 })
    expect(await exited).toEqual([0, null])
    expect(printed()).toBe('')
    const [key] = await admin.keys('tc1:e:*second*')
    expect((await admin.get(key as string))?.[0]).toBe('V')
    await expect(get('third')).rejects.toThrow()
  },
)

test('also when its server has hung for a while', async () => {
  const { server } = await openServer('valkey-9.1', ends)
  const { child, get, printed } = await start(server.url)
  ends.push(() => server.resume())
  const exited = once(child, 'exit')
  server.pause()
  const underWay = get('second')
  // By then links that are to replace the old ones wait for a server that takes connections and says nothing.
  setTimeout(() => child.kill('SIGTERM'), 5_000)
  expect(await underWay).toEqual({ product: '/second', price: 7 })
  expect(await exited).toEqual([0, null])
  expect(printed()).toBe('')
})
