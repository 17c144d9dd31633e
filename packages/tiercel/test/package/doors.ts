import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const packageRoot = fileURLToPath(new URL('../..', import.meta.url))
export const projectRoot = join(packageRoot, '../..')
export const sourceRoot = join(packageRoot, 'src')

/** A line of the `exports` of package.json that leads to code. */
export interface Door {
  /** As a user writes it: `tiercel/client`. */
  readonly specifier: string
  /** The built code, relative to the package: `dist/client/index.mjs`. */
  readonly code: string
  /** The built types. */
  readonly types: string
}

const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
}

export const doors: readonly Door[] = Object.entries(manifest.exports).flatMap(([path, target]) =>
  typeof target === 'string' ? [] : [{ specifier: `tiercel${path.slice(1)}`, code: target.default.slice(2), types: target.types.slice(2) }],
)

/** The source behind a door, relative to `src`. */
export function sourceOf(door: Door): string {
  return door.code.replace(/^dist\//, '').replace(/\.mjs$/, '.ts')
}
