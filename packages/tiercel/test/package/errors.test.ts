import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorCodes } from '../../src/kernel/error-codes.ts'
import { packageRoot, projectRoot, sourceRoot } from './doors.ts'

const codes = Object.keys(errorCodes).sort()
const page = readFileSync(join(projectRoot, 'docs/reference/errors.md'), 'utf8')

describe('the table of codes', () => {
  test('codes look alike and say what to do', () => {
    for (const [code, { meaning, advice }] of Object.entries(errorCodes)) {
      expect(code).toMatch(/^TIERCEL_[A-Z_]+$/)
      expect(meaning).toMatch(/\.$/)
      expect(advice).toMatch(/\.$/)
    }
  })

  test('the page has a section for each code and for nothing else', () => {
    const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title)
    expect(sections.toSorted()).toEqual(codes)
  })

  test('the page is up to date: node --import tsx tools/gen-errors.mjs', () => {
    const { status } = spawnSync(process.execPath, ['--import', 'tsx', 'tools/gen-errors.mjs', '--check'], { cwd: projectRoot })
    expect(status).toBe(0)
  })

  test('every code is used by the library, and its comments name no other', () => {
    const files = textsIn(sourceRoot).filter(({ file }) => !file.endsWith('.test.ts') && !file.endsWith('error-codes.ts'))
    const used = codesIn(files, /(?<=')TIERCEL_[A-Z_]+(?=')/g)
    expect(codes.filter((code) => !used.includes(code))).toEqual([])
    expect(codesIn(files).filter((code) => !codes.includes(code))).toEqual([])
  })

  test('every code is met by a test', () => {
    const tests = [...textsIn(sourceRoot), ...textsIn(join(packageRoot, 'test'))].filter(
      ({ file }) => /\.(test|suite)\.ts$/.test(file) && !file.includes('test/package/'),
    )
    expect(codes.filter((code) => !codesIn(tests).includes(code))).toEqual([])
  })
})

function codesIn(texts: readonly { readonly text: string }[], pattern = /\bTIERCEL_[A-Z_]+\b/g): string[] {
  return [...new Set(texts.flatMap(({ text }) => text.match(pattern) ?? []))].sort()
}

function textsIn(folder: string): { file: string; text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ file: join(folder, file).replaceAll('\\', '/'), text: readFileSync(join(folder, file), 'utf8') }))
}
