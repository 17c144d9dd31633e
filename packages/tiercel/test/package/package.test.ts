import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { doors, packageRoot, projectRoot } from './doors.ts'
import { createConsumer, type Packed, pack, typeErrors } from './packed.ts'

const run = promisify(execFile)

/** How a user's project may be set up; the types must hold in each, with every declaration file checked. */
const consumers = {
  'node-next': { module: 'nodenext', moduleResolution: 'nodenext', types: ['node'] },
  bundler: { module: 'esnext', moduleResolution: 'bundler', types: ['node'] },
}

let packed: Packed

beforeAll(async () => {
  packed = await pack()
})

afterAll(() => packed?.remove())

describe('the tarball', () => {
  test('holds what was built, the manifest, the readme, the licence and a user for servers', () => {
    const rest = packed.files.filter((file) => !/^dist\/.*\.(mjs|d\.mts)$/.test(file))
    expect(rest).toEqual(['LICENSE', 'README.md', 'package.json', 'tiercel.acl'])
    for (const door of doors) expect(packed.files).toEqual(expect.arrayContaining([door.code, door.types]))
  })

  test('brings no dependency of any kind', async () => {
    const folder = await createConsumer(packed, 'manifest', [])
    const manifest = JSON.parse(readFileSync(join(folder, 'node_modules/tiercel/package.json'), 'utf8')) as Record<string, unknown>
    for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies', 'bundleDependencies'])
      expect(manifest[field]).toBeUndefined()
  })

  test("carries the project's licence", () => {
    expect(readFileSync(join(packageRoot, 'LICENSE'), 'utf8')).toBe(readFileSync(join(projectRoot, 'LICENSE'), 'utf8'))
  })

  test('has nothing that publint complains about', async () => {
    const { buffer } = readFileSync(packed.tarball)
    const { messages, pkg } = await publint({ pack: { tarball: buffer as ArrayBuffer }, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
  })

  test('resolves with its types in every ESM resolution', async () => {
    const attw = join(projectRoot, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    // Exits with 1, and so rejects with what it printed, when there is a problem.
    await run(process.execPath, [attw, packed.tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-color', '--no-emoji'])
  })
})

describe('a project that installed the tarball', () => {
  test.each(Object.entries(consumers))('type-checks with every declaration file: %s', async (name, options) => {
    const folder = await createConsumer(packed, name, ['@types/node', 'undici-types'])
    const compilerOptions = { ...options, target: 'es2022', lib: ['es2022'], strict: true, skipLibCheck: false, noEmit: true }
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    writeFileSync(join(folder, 'doors.ts'), doors.map((door, index) => `export * as door${index} from '${door.specifier}'`).join('\n'))
    writeFileSync(join(folder, 'golden-path.ts'), readFileSync(new URL('golden-path.ts', import.meta.url)))
    expect(await typeErrors(folder)).toBe('')
  })

  test('opens every door with import and with require', async () => {
    const folder = await createConsumer(packed, 'run', [])
    const names = JSON.stringify(doors.map((door) => door.specifier))
    await run(process.execPath, ['--input-type=module', '--eval', `for (const name of ${names}) await import(name)`], { cwd: folder })
    await run(process.execPath, ['--input-type=commonjs', '--eval', `for (const name of ${names}) require(name)`], { cwd: folder })
  })
})
