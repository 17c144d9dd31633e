import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, '.cache/programs')
const files = new Map<string, string>()

/**
 * A program as one file of plain JavaScript: it starts in a tenth of the time that a loader of TypeScript takes, and a test starts many. Clients and
 * other packages stay outside.
 */
export function compiled(program: URL): string {
  const known = files.get(program.href)
  if (known !== undefined) return known
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(program)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
    external: publishedPackages(),
    logLevel: 'warning',
  })
  const file = keep(basename(program.pathname, '.ts'), outputFiles[0]?.contents ?? new Uint8Array())
  files.set(program.href, file)
  return file
}

/** Named by its content, so that test runs beside each other share it. */
function keep(name: string, contents: Uint8Array): string {
  const file = join(folder, `${name}-${createHash('sha256').update(contents).digest('hex').slice(0, 16)}.mjs`)
  const draft = `${file}.${process.pid}`
  mkdirSync(folder, { recursive: true })
  writeFileSync(draft, contents)
  renameSync(draft, file)
  return file
}

/** All that the library is tested with, but the private workspaces, which are TypeScript. */
function publishedPackages(): string[] {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { devDependencies: Record<string, string> }
  return Object.keys(devDependencies).filter((name) => !name.startsWith('@tiercel/'))
}
