import { join } from 'node:path'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { doors, packageRoot } from './doors.ts'
import { ceilings, mustNotAppear } from './sizes.ts'

describe('the cost of a door', () => {
  test('every door has a ceiling with a reason', () => {
    const names = doors.map((door) => door.specifier).sort()
    expect(Object.keys(ceilings).sort()).toEqual(names)
    expect(Object.keys(mustNotAppear).sort()).toEqual(names)
    for (const { because } of Object.values(ceilings)) expect(because).not.toBe('')
  })

  test.each(doors)('$specifier', async ({ specifier, code }) => {
    const maxBytes = ceilings[specifier]?.maxBytes ?? 0
    const bytes = (await bundle(code, { minify: true })).length
    // Without minifying, so that names are as the source has them.
    const text = (await bundle(code, { minify: false })).replaceAll(/\/\/.*|\/\*[^]*?\*\//g, '')
    expect(mustNotAppear[specifier]?.filter((name) => text.includes(name))).toEqual([])
    expect(bytes, `${specifier}: ${bytes} bytes of ${maxBytes}`).toBeLessThanOrEqual(maxBytes)
  })
})

async function bundle(code: string, options: { readonly minify: boolean }): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(packageRoot, code)],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    // Bare names stay outside: Node's modules, and clients that are loaded on demand.
    packages: 'external',
    legalComments: 'none',
    write: false,
    ...options,
  })
  return outputFiles[0]?.text ?? ''
}
