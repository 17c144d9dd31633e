import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { startStandalone } from '@tiercel/test-servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packageRoot, projectRoot } from './doors.ts'
import { anchorsOf, codeBlocksOf, linksOf } from './markdown.ts'
import { createConsumer, installedPackages, type Packed, pack, typeErrors } from './packed.ts'

const run = promisify(execFile)
const runLimitMs = 30_000

/** Every page that a reader may open; `ts` blocks of each are type-checked. */
const pages = [
  ...markdownIn(projectRoot, { isDeep: false }),
  ...markdownIn(join(projectRoot, 'docs'), { isDeep: true }),
  ...markdownIn(packageRoot, { isDeep: false }),
  ...markdownIn(join(projectRoot, 'packages/test-servers'), { isDeep: false }),
  ...markdownIn(join(projectRoot, 'apps/lab'), { isDeep: false }),
  ...markdownIn(join(projectRoot, 'bench'), { isDeep: false }),
].map((file) => ({ file, name: relative(projectRoot, file).replaceAll('\\', '/'), text: readFileSync(file, 'utf8') }))

const blocks = pages.flatMap(({ name, text }) =>
  codeBlocksOf(text)
    .filter(({ language }) => language === 'ts')
    .map((block) => ({ ...block, page: name, at: `${name}:${block.line}` })),
)

describe('links', () => {
  test.each(pages)('$name leads to what is there', ({ file, name, text }) => {
    const broken = linksOf(text).filter(({ target }) => !isThere(file, target))
    expect(broken.map(({ target, line }) => `${name}:${line} ${target}`)).toEqual([])
  })
})

/** Against the package as it would be published, with the clients and hosts of this project beside it. */
describe('code on pages', () => {
  let packed: Packed
  let folder: string

  beforeAll(async () => {
    packed = await pack()
    folder = await createConsumer(packed, 'docs', installedPackages())
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
    for (const block of blocks) {
      mkdirSync(dirname(fileOf(block)), { recursive: true })
      // Lines before the block, so that the checker's line numbers are the page's; `export` makes each block a module.
      writeFileSync(fileOf(block), `${'\n'.repeat(block.line - 1)}${block.code}\nexport {}\n`)
    }
  })

  afterAll(() => packed?.remove())

  test('type-checks as it stands on the page', async () => {
    const base = JSON.parse(readFileSync(join(projectRoot, 'tsconfig.base.json'), 'utf8')) as { compilerOptions: object }
    // A page may show a value without using it.
    const compilerOptions = { ...base.compilerOptions, noUnusedLocals: false, noUnusedParameters: false }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: blocks.map(fileOf) }))
    expect(blocks.length === 0 ? '' : await typeErrors(folder)).toBe('')
  })

  const runnable = blocks.filter((block) => block.isRun)
  test.runIf(runnable.length > 0).each(runnable)(
    '$at runs',
    async (block) => {
      const server = await startStandalone()
      try {
        const env = { ...process.env, VALKEY_URL: server.url }
        await run(process.execPath, ['--import', 'tsx', fileOf(block)], { cwd: folder, env, timeout: runLimitMs })
      } finally {
        await server.stop()
      }
    },
    runLimitMs * 2,
  )

  function fileOf({ page, line }: { readonly page: string; readonly line: number }): string {
    return join(folder, `${page}.${line}.ts`)
  }
})

describe('the reader of pages', () => {
  const page =
    '# One & `two`\n\n<!-- run -->\n```ts\nlet a = 1\n```\n\n  ```sh\n  [x](./no.md)\n  ```\n\n[y](./yes.md#one--two) `[z](no)`\n## One & two\n'

  test('finds blocks, and which are to be run', () => {
    expect(codeBlocksOf(page)).toContainEqual({ language: 'ts', code: 'let a = 1', line: 5, isRun: true })
    expect(codeBlocksOf('```ts\n1\n```\n\n```ts\n2\n```').map(({ code, isRun }) => [code, isRun])).toEqual([
      ['1', false],
      ['2', false],
    ])
  })

  test('finds links outside of code', () => {
    expect(linksOf('`[z](no)` [y](./yes.md#a)\n```\n[x](./no.md)\n```\n![i](<pic.svg> "t")')).toEqual([
      { target: './yes.md#a', line: 1 },
      { target: 'pic.svg', line: 5 },
    ])
  })

  test('names anchors as GitHub does', () => {
    expect([...anchorsOf(page)]).toEqual(['one--two', 'one--two-1'])
  })
})

function isThere(file: string, target: string): boolean {
  if (/^[a-z]+:/.test(target)) return true
  const [path = '', anchor] = target.split('#')
  const found = path === '' ? file : join(dirname(file), decodeURIComponent(path))
  if (!existsSync(found)) return false
  return anchor === undefined || !found.endsWith('.md') || anchorsOf(readFileSync(found, 'utf8')).has(anchor)
}

function markdownIn(folder: string, { isDeep }: { readonly isDeep: boolean }): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: isDeep, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file))
}
