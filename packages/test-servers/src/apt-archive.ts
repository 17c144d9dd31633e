import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exists } from './cache-folder.ts'
import { lastLines, runCommand } from './run-command.ts'
import { TestServerError } from './test-server-error.ts'

/** One package of the archive, at the version that would be installed. */
export type ArchivePackage = { readonly name: string; readonly version: string; readonly sizeBytes: number }

/**
 * A view on chosen suites of the distribution's package archive, with its own state: nothing of the system is read but
 * its mirror, proxy and keys, nothing is changed, and no rights are needed.
 */
export type AptArchive = {
  /** The package with the libraries it needs, down to the C library, as for a machine where nothing is installed. */
  packageWithLibraries(name: string): Promise<ArchivePackage[]>
  /** Downloads packages, checked against the signed index, and unpacks them into `folder`. */
  unpack(packages: readonly ArchivePackage[], folder: string): Promise<void>
}

/** Opens the archive, keeping the indexes in `folder`. */
export async function openAptArchive(folder: string, suites: readonly [string, ...string[]]): Promise<AptArchive> {
  const config = await writeConfig(folder, suites)
  await apt(config, ['update', '-o', 'APT::Update::Error-Mode=any'])
  return {
    async packageWithLibraries(name) {
      const plan = await apt(config, ['install', '-y', '--no-install-recommends', '--print-uris', '-t', suites[0], name])
      return parsePlan(plan).filter((found) => found.name === name || isLibrary(found.name))
    },
    async unpack(packages, target) {
      await apt(config, ['download', ...packages.map(({ name, version }) => `${name}=${version}`)], folder)
      await unpackAll(packages, folder, target)
    },
  }
}

async function unpackAll(packages: readonly ArchivePackage[], folder: string, target: string): Promise<void> {
  for (const { name, version } of packages) {
    const file = join(folder, `${name}_${version.replaceAll(':', '%3a')}_${await architecture()}.deb`)
    const unpacked = await runCommand('dpkg', ['-x', file, target])
    if (!unpacked.ok) throw unavailable(`the package ${name} could not be unpacked: ${unpacked.stderr}`)
    await rm(file)
  }
}

/** Debian's name for this machine's architecture. */
export async function architecture(): Promise<string> {
  const printed = await runCommand('dpkg', ['--print-architecture'])
  if (!printed.ok) throw unavailable('this system has no dpkg; fetching needs Debian')
  return printed.stdout.trim()
}

/** Shared libraries have names that say so; everything else in the plan is for installing, not for running. */
export function isLibrary(name: string): boolean {
  return /^(lib|zlib)/.test(name) && !/-(common|modules-extra|modules|modules-bin)$/.test(name)
}

/** Lines of `--print-uris`: `'address' name_version_arch.deb bytes hash`, the colon of an epoch written `%3a`. */
export function parsePlan(plan: string): ArchivePackage[] {
  return [...plan.matchAll(/^'[^']+' ([^_ ]+)_([^_ ]+)_[^_ ]+\.deb (\d+)/gm)].map(([, name, version, bytes]) => ({
    name: String(name),
    version: decodeURIComponent(String(version)),
    sizeBytes: Number(bytes),
  }))
}

async function apt(config: string, args: readonly string[], cwd?: string): Promise<string> {
  const done = await runCommand('apt-get', ['-q', '-c', config, ...args], cwd === undefined ? {} : { cwd })
  if (!done.ok) throw unavailable(`apt-get ${args[0]} failed: ${lastLines(done.stderr, 4)}`)
  return done.stdout
}

async function writeConfig(folder: string, suites: readonly string[]): Promise<string> {
  const keyring = await archiveKeyring()
  const sources = [
    'Types: deb',
    `URIs: ${await mirrorAddress()}`,
    `Suites: ${suites.join(' ')}`,
    'Components: main',
    `Architectures: ${await architecture()}`,
    ...(keyring === undefined ? [] : [`Signed-By: ${keyring}`]),
  ]
  await mkdir(join(folder, 'lists', 'partial'), { recursive: true })
  await mkdir(join(folder, 'cache', 'archives', 'partial'), { recursive: true })
  await writeFile(join(folder, 'status'), '')
  await writeFile(join(folder, 'own.sources'), `${sources.join('\n')}\n`)
  await writeFile(join(folder, 'apt.conf'), configText(folder))
  return join(folder, 'apt.conf')
}

/** The system's own configuration was read before this: proxies stay, its hooks and pins go. */
function configText(folder: string): string {
  return [
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
    `Dir::State "${folder}";`,
    `Dir::State::lists "${join(folder, 'lists')}";`,
    `Dir::State::status "${join(folder, 'status')}";`,
    `Dir::Cache "${join(folder, 'cache')}";`,
    'Dir::Cache::pkgcache "pkgcache.bin";',
    'Dir::Cache::srcpkgcache "srcpkgcache.bin";',
    `Dir::Etc::sourcelist "${join(folder, 'own.sources')}";`,
    'Dir::Etc::sourceparts "/dev/null";',
    'Dir::Etc::preferences "/dev/null";',
    'Dir::Etc::preferencesparts "/dev/null";',
    'Acquire::Languages "none";',
    'Acquire::Retries "3";',
    'Acquire::http::Timeout "30";',
    'Acquire::https::Timeout "30";',
    'APT::Sandbox::User "";',
    '',
  ].join('\n')
}

/** The address this system gets its packages from; the suites of one Debian archive all lie beside each other. */
async function mirrorAddress(): Promise<string> {
  const system = await readFile('/etc/os-release', 'utf8').catch(() => '')
  if (!/^ID="?debian"?$/m.test(system)) throw unavailable('fetching needs the package archive of Debian, and this system is not Debian')
  const codename = /^VERSION_CODENAME="?([\w-]+)/m.exec(system)?.[1]
  const listed = await runCommand('apt-get', [
    'indextargets',
    '--no-release-info',
    '--format',
    '$(RELEASE) $(COMPONENT) $(REPO_URI)',
    'Created-By: Packages',
  ])
  const rows = listed.stdout.split('\n').map((line) => line.split(' '))
  const row = rows.find(([release, component]) => component === 'main' && [codename, ...debianSuites].includes(release))
  if (row?.[2] === undefined) throw unavailable("the system's apt configuration names no Debian archive")
  return row[2]
}

const debianSuites = ['stable', 'oldstable', 'testing', 'unstable', 'sid']

/** Without one, apt asks the keys the whole system trusts. */
async function archiveKeyring(): Promise<string | undefined> {
  for (const ending of ['gpg', 'pgp']) {
    const path = `/usr/share/keyrings/debian-archive-keyring.${ending}`
    if (await exists(path)) return path
  }
  return undefined
}

function unavailable(reason: string): TestServerError {
  return new TestServerError('TIERCEL_TEST_SERVER_UNAVAILABLE', reason)
}
