import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { findBrowser, installBrowser } from '../src/browser.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiercel-browser-'))
  vi.stubEnv('PATH', folder)
  vi.stubEnv('CHROMIUM_PATH', '')
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

function pretend(name: string): string {
  const path = join(folder, name)
  writeFileSync(path, '')
  chmodSync(path, 0o755)
  return path
}

test('CHROMIUM_PATH comes before PATH', async () => {
  expect(await findBrowser()).toEqual({ missing: expect.stringContaining('CHROMIUM_PATH') })
  const onPath = pretend('chromium')
  expect(await findBrowser()).toMatchObject({ executablePath: onPath })
  const named = pretend('mine')
  vi.stubEnv('CHROMIUM_PATH', named)
  expect(await findBrowser()).toMatchObject({ executablePath: named })
  vi.stubEnv('CHROMIUM_PATH', join(folder, 'missing'))
  expect(await findBrowser()).toEqual({ missing: expect.stringContaining('is no program') })
})

test.each([
  [0, true],
  [1000, false],
])('as user %i: without sandbox %s', async (uid, without) => {
  pretend('chromium')
  vi.spyOn(process, 'getuid').mockReturnValue(uid)
  const found = await findBrowser()
  const args = 'args' in found ? found.args : []
  expect(args.includes('--no-sandbox')).toBe(without)
  expect(args).toContain('--headless')
})

test('nothing is installed for an ordinary user', async () => {
  vi.spyOn(process, 'getuid').mockReturnValue(1000)
  expect(await installBrowser()).toEqual({ missing: expect.stringContaining('CHROMIUM_PATH') })
})
