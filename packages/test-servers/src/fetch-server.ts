import { copyFile, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type ArchivePackage, architecture, openAptArchive } from './apt-archive.ts'
import { cacheFolder, installOnce } from './cache-folder.ts'
import { runCommand } from './run-command.ts'
import type { ProgramEntry } from './server-catalogue.ts'
import { TestServerError } from './test-server-error.ts'

/** How to run an installed program: the command, and the arguments that come before its own. */
export type Program = { readonly command: string; readonly args: readonly string[] }

export type InstalledServer = { readonly version: string; readonly program: Program }

/** The server from the cache folder, or `undefined` when it was not fetched yet. */
export async function cachedServer(entry: ProgramEntry): Promise<InstalledServer | undefined> {
  const folder = join(cacheFolder(), folderName(entry))
  const version = await readFile(join(folder, 'version'), 'utf8').catch(() => undefined)
  return version === undefined ? undefined : { version, program: programIn(folder, entry) }
}

/**
 * Fetches the server and every library it needs, the C library too, from the distribution's package archive into the
 * cache folder, so that it runs on a distribution older than its own.
 */
export async function fetchServer(entry: ProgramEntry, onProgress: (message: string) => void): Promise<InstalledServer> {
  const onWait = (): void => onProgress(`waiting for another process that fetches ${entry.label}`)
  await installOnce(folderName(entry), (folder) => build(entry, folder, onProgress), { onWait })
  const installed = await cachedServer(entry)
  if (installed === undefined) throw new Error(`${entry.label} was installed and is not there`)
  return installed
}

// Node's name, not Debian's: known without asking anything, and this is on the path of every start.
function folderName(entry: ProgramEntry): string {
  return join('servers', `${entry.name}-${process.arch}`)
}

async function build(entry: ProgramEntry, folder: string, onProgress: (message: string) => void): Promise<void> {
  const work = join(folder, 'work')
  await mkdir(work)
  onProgress(`fetching ${entry.label} from the distribution's archive: reading the index of ${entry.suites.join(' and ')}, about 10 MB`)
  const archive = await openAptArchive(work, entry.suites)
  const packages = await archive.packageWithLibraries(entry.package)
  checkVersion(entry, packages)
  onProgress(`fetching ${entry.label} from the distribution's archive: ${packages.length} packages, about ${megabytes(packages)} MB`)
  const root = join(work, 'root')
  await archive.unpack(packages, root)
  await keepWhatRuns(entry, root, folder)
  await rm(work, { recursive: true })
  await writeFile(join(folder, 'version'), await versionOf(programIn(folder, entry)))
  onProgress(`${entry.label} is ready`)
}

function checkVersion(entry: ProgramEntry, packages: readonly ArchivePackage[]): void {
  const offered = packages.find(({ name }) => name === entry.package)?.version ?? 'none'
  if (entry.accepts(offered.replace(/^\d+:/, ''))) return
  throw unavailable(`the archive has ${entry.package} ${offered} in ${entry.suites[0]}, which does not stand for ${entry.label}`)
}

function megabytes(packages: readonly ArchivePackage[]): number {
  return Math.ceil(packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) / 1e6)
}

/** Copies the programs, and of the libraries exactly those the loader asks for. */
async function keepWhatRuns(entry: ProgramEntry, root: string, folder: string): Promise<void> {
  await mkdir(join(folder, 'bin'))
  for (const [from, name] of entry.programs) await copyFile(join(root, 'usr', from), join(folder, 'bin', name))
  for (const from of entry.shared ?? []) await cp(join(root, 'usr', from), join(folder, from), { recursive: true })
  const loader = await findLoader(root)
  const libraryPath = await libraryFolders(root)
  await mkdir(join(folder, 'lib'))
  await copyFile(loader, join(folder, 'lib', basename(loader)))
  await symlink(basename(loader), join(folder, 'lib', 'loader'))
  for (const program of await readdir(join(folder, 'bin'))) {
    const listed = await runCommand(loader, ['--library-path', libraryPath.join(':'), '--list', join(folder, 'bin', program)])
    if (!listed.ok) throw unavailable(`${program} does not load: ${listed.stderr}`)
    for (const library of neededLibraries(listed.stdout, root)) await copyFile(library, join(folder, 'lib', basename(library)))
  }
}

/** Lines of the loader's list: `libz.so.1 => /path/libz.so.1 (0x…)`. One outside `root` would be the host's own. */
function neededLibraries(listing: string, root: string): string[] {
  const paths = [...listing.matchAll(/=> (\S+)/g)].map(([, path]) => String(path))
  const foreign = paths.find((path) => !path.startsWith(root))
  if (foreign !== undefined) throw unavailable(`a library is not among the packages: ${foreign}`)
  return paths
}

async function libraryFolders(root: string): Promise<string[]> {
  const found: string[] = []
  for (const parent of [join(root, 'lib'), join(root, 'usr', 'lib')]) {
    const entries = await readdir(parent).catch(() => [])
    for (const name of entries) if (/-linux-gnu/.test(name)) found.push(join(parent, name))
  }
  return found
}

async function findLoader(root: string): Promise<string> {
  for (const folder of await libraryFolders(root)) {
    const name = (await readdir(folder)).find((entry) => /^ld-linux.*\.so\.\d$/.test(entry))
    if (name !== undefined) return join(folder, name)
  }
  throw unavailable(`the packages for ${await architecture()} hold no program loader`)
}

function programIn(folder: string, entry: ProgramEntry): Program {
  const [[, name]] = entry.programs
  const args = ['--library-path', join(folder, 'lib'), '--argv0', name, join(folder, 'bin', name)]
  return { command: join(folder, 'lib', 'loader'), args }
}

/** What a server says of its own version, such as `9.1.2`: `v=9.1.2`, and MariaDB `Ver 10.11.18`. */
export async function versionOf(program: Program): Promise<string> {
  const asked = await runCommand(program.command, [...program.args, '--version'])
  const version = /\b(?:v=|Ver )(\d+\.\d+\.\d+)/.exec(asked.stdout)?.[1]
  if (!asked.ok || version === undefined) throw unavailable(`${program.command} does not tell its version: ${asked.stderr || asked.stdout}`)
  return version
}

function unavailable(reason: string): TestServerError {
  return new TestServerError('TIERCEL_TEST_SERVER_UNAVAILABLE', reason)
}
