import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { cacheFolder, installOnce } from './cache-folder.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiercel-cache-'))
  vi.stubEnv('TIERCEL_CACHE_DIR', folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

test('the folder follows the environment', () => {
  expect(cacheFolder()).toBe(folder)
  vi.stubEnv('TIERCEL_CACHE_DIR', '')
  vi.stubEnv('XDG_CACHE_HOME', '/some/cache')
  expect(cacheFolder()).toBe('/some/cache/tiercel')
  vi.stubEnv('XDG_CACHE_HOME', '')
  expect(cacheFolder()).toMatch(/\/\.cache\/tiercel$/)
})

test('what is asked for at the same time is built once', async () => {
  let goOn: () => void = () => undefined
  const hasWaiter = new Promise<void>((resolve) => (goOn = resolve))
  const onWait = vi.fn(() => goOn())
  const build = vi.fn(async (draft: string) => {
    await hasWaiter
    writeFileSync(join(draft, 'content'), '')
  })
  const paths = await Promise.all([installOnce('a/b', build, { onWait }), installOnce('a/b', build, { onWait })])
  expect(paths).toEqual([join(folder, 'a/b'), join(folder, 'a/b')])
  expect(build).toHaveBeenCalledOnce()
  expect(onWait).toHaveBeenCalledOnce()
  expect(readdirSync(join(folder, 'a'))).toEqual(['b'])
})

test('a build that fails leaves nothing and can be tried again', async () => {
  await expect(installOnce('a', () => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck')
  expect(readdirSync(folder)).toEqual([])
  expect(existsSync(await installOnce('a', async () => undefined))).toBe(true)
})

test('the draft of a build that was killed is removed by the next', async () => {
  mkdirSync(join(folder, 'a.draft-killed'))
  await installOnce('a', async () => undefined)
  expect(readdirSync(folder)).toEqual(['a'])
})
