import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { waitUntil } from '../src/wait-until.ts'

let folder: string
let child: ChildProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiercel-crash-'))
})
afterEach(() => {
  child?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

// What a runner does to a test that hangs, and what a terminal does to a whole process group.
test.each<[string, (started: ChildProcess) => void]>([
  ['SIGKILL', (started) => started.kill('SIGKILL')],
  ['Ctrl-C', (started) => process.kill(-Number(started.pid), 'SIGINT')],
])('%s leaves no process and no folder behind', async (_name, end) => {
  child = startChild()
  await untilReady(child)
  const processes = childrenOf(Number(child.pid))
  // A standalone server, three nodes, a MariaDB, and the watchdog; the embedded database has a folder and no process.
  expect(processes).toHaveLength(6)
  expect(leftIn(folder)).toHaveLength(6)
  end(child)
  await once(child, 'exit')
  await waitUntil('all processes gone', 10_000, async () => !processes.some(isAlive))
  expect(leftIn(folder)).toEqual([])
})

function startChild(): ChildProcess {
  const script = new URL('./crash-child.ts', import.meta.url)
  return spawn(process.execPath, ['--import', 'tsx', script.pathname], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
}

async function untilReady(started: ChildProcess): Promise<void> {
  const ended = once(started, 'exit').then(() => ['it ended'])
  const [output] = await Promise.race([once(started.stdout as Readable, 'data'), ended])
  expect(String(output)).toBe('ready\n')
}

/** Ours: the loader of TypeScript keeps a folder there too. */
function leftIn(path: string): string[] {
  return readdirSync(path).filter((name) => name.startsWith('tiercel-'))
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
}

/** A process that has ended stays in the table until its parent asks for it; the parent of an orphan may take its time. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
