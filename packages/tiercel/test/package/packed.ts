import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot, projectRoot } from './doors.ts'

const run = promisify(execFile)

/** The package as it would be published, in a folder of its own. */
export interface Packed {
  readonly folder: string
  readonly tarball: string
  /** Everything in the tarball, sorted. */
  readonly files: readonly string[]
  remove(): void
}

export async function pack(): Promise<Packed> {
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-packed-'))
  const args = ['pack', '--json', '--ignore-scripts', '--offline', '--pack-destination', folder]
  const { stdout } = await run('npm', args, { cwd: packageRoot, shell: process.platform === 'win32' })
  const [made] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }]
  return {
    folder,
    tarball: join(folder, made.filename),
    files: made.files.map(({ path }) => path).sort(),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/**
 * A project beside the tarball that has the packed package installed, and what `borrowed` names from this project's own packages.
 * No registry is asked.
 */
export async function createConsumer(packed: Packed, name: string, borrowed: readonly string[]): Promise<string> {
  const folder = join(packed.folder, name)
  const installed = join(folder, 'node_modules/tiercel')
  mkdirSync(installed, { recursive: true })
  await run('tar', ['-xzf', packed.tarball, '-C', installed, '--strip-components=1'])
  for (const dependency of borrowed) {
    const link = join(folder, 'node_modules', dependency)
    mkdirSync(join(link, '..'), { recursive: true })
    symlinkSync(join(projectRoot, 'node_modules', dependency), link, 'junction')
  }
  return folder
}

/** The names of all packages that this project has installed, but the one that is packed. */
export function installedPackages(): string[] {
  const modules = join(projectRoot, 'node_modules')
  const visible = (folder: string): string[] => readdirSync(folder).filter((name) => !name.startsWith('.'))
  return visible(modules)
    .flatMap((name) => (name.startsWith('@') ? visible(join(modules, name)).map((inner) => `${name}/${inner}`) : [name]))
    .filter((name) => name !== 'tiercel')
}

/** What the type checker prints about a project; empty when all is well. */
export async function typeErrors(folder: string): Promise<string> {
  const compiler = join(projectRoot, 'node_modules/typescript/bin/tsc')
  try {
    await run(process.execPath, [compiler, '-p', folder, '--pretty', 'false'])
    return ''
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}
