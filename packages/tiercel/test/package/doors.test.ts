import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { doorImports } from './door-imports.ts'
import { doors, packageRoot, projectRoot, sourceOf, sourceRoot } from './doors.ts'

const run = promisify(execFile)
const recorder = fileURLToPath(new URL('record-imports.mjs', import.meta.url))

describe('the table of doors', () => {
  test('each door has its source, its code and its types', () => {
    const missing = doors.flatMap((door) =>
      [join(sourceRoot, sourceOf(door)), join(packageRoot, door.code), join(packageRoot, door.types)].filter((file) => !existsSync(file)),
    )
    expect(missing).toEqual([])
  })

  test('what was built is a door or a chunk that doors share', () => {
    const built = readdirSync(join(packageRoot, 'dist'), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.m?[jt]s$/.test(file) && !file.startsWith('chunks'))
      .map((file) => `dist/${file.replaceAll('\\', '/')}`)
    expect(built.sort()).toEqual(doors.flatMap((door) => [door.code, door.types]).sort())
  })

  test('the list of imports names every door', () => {
    expect(Object.keys(doorImports).sort()).toEqual(doors.map((door) => door.specifier).sort())
  })

  test('a door opens from another workspace', async () => {
    const program = `for (const door of ${JSON.stringify(doors.map((door) => door.specifier))}) await import(door)`
    await run(process.execPath, ['--input-type=module', '--eval', program], { cwd: join(projectRoot, 'apps/lab') })
  })
})

describe('loading a door', () => {
  test.each(doors)('$specifier brings in what it says and nothing else', async ({ specifier, code }) => {
    expect(await importsBehind(join(packageRoot, code))).toEqual(doorImports[specifier])
  })

  test('the recorder sees what is imported', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tiercel-doors-'))
    try {
      writeFileSync(join(folder, 'inner.mjs'), "import 'node:net'\nawait import('os')")
      writeFileSync(join(folder, 'outer.mjs'), "import 'node:fs'\nimport './inner.mjs'")
      expect(await importsBehind(join(folder, 'outer.mjs'))).toEqual(['node:fs', 'node:net', 'os'])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

/** In a process of its own, where nothing else has been loaded before. */
async function importsBehind(file: string): Promise<unknown> {
  const { stdout } = await run(process.execPath, [recorder, file])
  return JSON.parse(stdout)
}
