import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tryLock } from './file-lock.ts'

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiercel-lock-'))
  path = join(folder, 'lock')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('one owner at a time, free again afterwards', async () => {
  const unlock = await tryLock(path)
  expect(await tryLock(path)).toBeUndefined()
  await unlock?.()
  const again = await tryLock(path)
  expect(again).toBeDefined()
  await again?.()
})

test('the lock of a process that is gone is void', async () => {
  const { pid } = spawnSync(process.execPath, ['--version'])
  writeFileSync(path, `${hostname()} ${pid}`)
  const unlock = await tryLock(path)
  expect(unlock).toBeDefined()
  await unlock?.()
})

test('the lock of another machine is void once it is left untouched', async () => {
  writeFileSync(path, 'elsewhere 1')
  expect(await tryLock(path)).toBeUndefined()
  const longAgo = new Date(Date.now() - 61_000)
  utimesSync(path, longAgo, longAgo)
  const unlock = await tryLock(path)
  expect(unlock).toBeDefined()
  await unlock?.()
})
