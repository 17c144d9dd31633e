import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testSize } from '../test-size.ts'
import { projectRoot } from './doors.ts'

const run = promisify(execFile)
const isSmall = testSize({ small: 1, ci: 0, release: 0 }) === 1

/** As the configuration of the whole finds them. */
const configs = ['packages', 'apps'].flatMap((kind) =>
  readdirSync(join(projectRoot, kind)).flatMap((name) =>
    readdirSync(join(projectRoot, kind, name))
      .filter((file) => /^vitest(\.alone)?\.config\.ts$/.test(file))
      .map((file) => `${kind}/${name}/${file}`),
  ),
)
/** It passes, and leaves a rejection behind. */
const careless = `
import { test } from 'vitest'
test('passes', async () => {
  void Promise.reject(new Error('nobody handles this'))
  await new Promise((resolve) => setTimeout(resolve, 20))
})
`
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tiercel-careless-'))
  symlinkSync(join(projectRoot, 'node_modules'), join(folder, 'node_modules'), 'junction')
  writeFileSync(join(folder, 'careless.test.ts'), careless)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('every project has been found', () => {
  expect(configs.length).toBeGreaterThanOrEqual(5)
  expect(configs).toContain('packages/tiercel/vitest.alone.config.ts')
})

test.each(isSmall ? configs.slice(-1) : configs)(
  'a rejection that nobody handles fails the tests of %s',
  { timeout: 60_000 },
  async (config) => {
    // All that it says, but for where its tests are.
    const elsewhere = `{ ...config.test, root: ${JSON.stringify(folder)}, include: ['careless.test.ts'], exclude: [] }`
    const text = `import config from ${JSON.stringify(join(projectRoot, config))}\nexport default { ...config, test: ${elsewhere} }\n`
    writeFileSync(join(folder, 'vitest.config.ts'), text)
    const args = [join(projectRoot, 'node_modules/vitest/vitest.mjs'), 'run']
    const failed = await run(process.execPath, args, { cwd: folder }).then(
      ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    )
    expect(failed.stdout).toMatch(/passed/)
    expect(failed.stderr).toContain('nobody handles this')
    expect(failed.code).toBe(1)
  },
)
