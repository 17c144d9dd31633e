import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { doors, projectRoot, sourceOf, sourceRoot } from './doors.ts'
import type { Sources } from './import-graph.ts'
import { doorUserFaults, layerFaults } from './layer-rules.ts'
import { doorUsers, layers } from './layers.ts'

const doorFiles = new Set(doors.map((door) => sourceOf(door)))
const doorNames = new Set([...doors.map((door) => door.specifier), 'tiercel/package.json'])

describe('the house', () => {
  test('imports go down, in no circle, to nothing outside', () => {
    const sources = readSources(sourceRoot, '')
    expect(sources.size).toBeGreaterThan(0)
    expect(layerFaults(sources, doorFiles)).toEqual([])
  })

  test.each(doorUsers)('%s uses published doors only', (folder) => {
    expect(doorUserFaults(readSources(join(projectRoot, folder), `${folder}/`, { withTests: true }), doorNames)).toEqual([])
  })

  test('ARCHITECTURE.md shows the same table', () => {
    const rows = layers.map(
      ({ level, folders, holds }) => `| ${level} | ${folders.map((folder) => `\`${folder}\``).join(' ')} | ${holds} |`,
    )
    const page = readFileSync(join(projectRoot, 'ARCHITECTURE.md'), 'utf8')
    const shown = page.split('\n').filter((line) => /^\| \d \|/.test(line))
    expect(shown).toEqual(rows.toReversed())
  })
})

/** Small wrong houses: each rule is seen to fail. */
describe('the checker', () => {
  test.each([
    ['upward', { 'kernel/key.ts': "import { x } from '../codecs/json.ts'", 'codecs/json.ts': '' }, 'kernel/key.ts:1 imports upward'],
    [
      'upward by type',
      { 'stores/store.ts': "import type { X } from '../cache/cache.ts'", 'cache/cache.ts': '' },
      'stores/store.ts:1 imports upward',
    ],
    ['sideways', { 'client/port.ts': "export { x } from '../codecs/json.ts'", 'codecs/json.ts': '' }, 'client/port.ts:1 imports sideways'],
    [
      'sideways by import()',
      { 'client/port.ts': "\nvoid import('../codecs/json.ts')", 'codecs/json.ts': '' },
      'client/port.ts:2 imports sideways',
    ],
    ['sideways by a type in place', { 'ai/a.ts': "let x: import('../http/b.ts').B", 'http/b.ts': '' }, 'ai/a.ts:1 imports sideways'],
    [
      'a refused edge',
      { 'recipes/lock.ts': "import '../cache/cache.ts'", 'cache/cache.ts': '' },
      'recipes/lock.ts:1 recipes must not import cache',
    ],
    ['integrations imported', { 'testing/a.ts': "import '../integrations/b.ts'", 'integrations/b.ts': '' }, 'imports sideways'],
    [
      'the root shows a recipe',
      { 'index.ts': "export * from './recipes/lock.ts'", 'recipes/lock.ts': '' },
      'index.ts:1 the root must not show',
    ],
    ['the root imported', { 'cache/a.ts': "import '../index.ts'", 'index.ts': '' }, 'cache/a.ts:1 imports the root'],
    ['a cycle', { 'kernel/a.ts': "import './b.ts'", 'kernel/b.ts': "import './a.ts'" }, 'cycle: kernel/a.ts > kernel/b.ts > kernel/a.ts'],
    [
      'a cycle through types',
      {
        'kernel/a.ts': "import type { B } from './b.ts'",
        'kernel/b.ts': "import { type C } from './c.ts'",
        'kernel/c.ts': "export type * from './a.ts'",
      },
      'cycle: kernel/a.ts > kernel/b.ts > kernel/c.ts > kernel/a.ts',
    ],
    ['a file that imports itself', { 'kernel/a.ts': "import type { A } from './a.ts'" }, 'cycle: kernel/a.ts > kernel/a.ts'],
    ['a package', { 'codecs/json.ts': "import { parse } from 'json5'" }, 'codecs/json.ts:1 imports the package json5 (static)'],
    [
      "a package's types",
      { 'client/ioredis.ts': "import type { Redis } from 'ioredis'" },
      'client/ioredis.ts:1 imports the package ioredis (type)',
    ],
    [
      'a package loaded later',
      { 'client/connect.ts': "await import('ioredis')" },
      'client/connect.ts:1 imports the package ioredis (dynamic)',
    ],
    ['require', { 'client/url.ts': "require('ioredis')" }, 'client/url.ts:1 imports the package ioredis (dynamic)'],
    ['a computed import', { 'client/url.ts': 'await import(name)' }, 'client/url.ts:1 loads a module whose name is computed'],
    ['a file that is not there', { 'kernel/a.ts': "import './b.ts'" }, 'kernel/a.ts:1 imports kernel/b.ts, which is not there'],
    ['a banned file name', { 'kernel/utils.ts': '' }, 'kernel/utils.ts is named "utils"'],
    ['a banned folder name', { 'kernel/common/a.ts': '' }, 'kernel/common/a.ts is named "common"'],
    ['an index that is no door', { 'kernel/index.ts': '' }, 'kernel/index.ts is not a public door'],
    ['a folder in no layer', { 'attic/a.ts': '' }, 'attic/a.ts is in no layer'],
  ])('finds %s', (_, files: Record<string, string | undefined>, fault) => {
    const faults = layerFaults(sourcesOf(files), new Set(['index.ts']))
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(fault)
  })

  test('accepts what goes down', () => {
    const sources = sourcesOf({
      'index.ts': "export { createCache } from './cache/create-cache.ts'",
      'cache/create-cache.ts': "import type { Store } from '../stores/store.ts'\nimport { key } from '../kernel/key.ts'",
      'stores/store.ts': "import { Buffer } from 'node:buffer'",
      'client/connect.ts': 'await import(name)',
      'kernel/key.ts': "import './hash.ts'",
      'kernel/hash.ts': "import { createHash } from 'node:crypto'",
    })
    expect(layerFaults(sources, new Set(['index.ts']))).toEqual([])
  })

  test.each([
    ['a path into the library', "import '../../packages/tiercel/src/kernel/key.ts'", 'reaches into packages/tiercel'],
    ['a path into what was built', "import '../../packages/tiercel/dist/index.mjs'", 'reaches into packages/tiercel'],
    ['something that is no door', "import type { X } from 'tiercel/kernel/key'", 'imports what is no door: tiercel/kernel/key'],
  ])('finds %s in a user of doors', (_, text, fault) => {
    const faults = doorUserFaults(sourcesOf({ 'apps/lab/a.ts': text }), new Set(['tiercel']))
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(fault)
  })

  test('accepts doors, and packages with similar names', () => {
    const sources = sourcesOf({ 'bench/a.ts': "import 'tiercel'\nimport 'tiercel-cli'\nimport './b.ts'" })
    expect(doorUserFaults(sources, new Set(['tiercel']))).toEqual([])
  })
})

function sourcesOf(files: Record<string, string | undefined>): Sources {
  return new Map(Object.entries(files).map(([file, text]) => [file, text ?? '']))
}

/** The source files below a folder, under names with `prefix`. Tests are no part of the house. */
function readSources(folder: string, prefix: string, { withTests = false } = {}): Sources {
  if (!existsSync(folder)) return new Map()
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.[cm]?tsx?$/.test(file) && !/(^|\/)(node_modules|dist)\//.test(file))
    .filter((file) => withTests || !file.endsWith('.test.ts'))
  return new Map(files.map((file) => [`${prefix}${file}`, readFileSync(join(folder, file), 'utf8')]))
}
