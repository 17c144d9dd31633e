// Gets a runtime into the cache folder, once. Nothing of it runs before its checksum was compared.
import { spawnSync } from 'node:child_process'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installOnce } from '../../packages/test-servers/src/cache-folder.ts'

/** @param {import('./catalogue.mjs').Runtime} runtime @returns {Promise<string>} the path of its program */
export async function fetchRuntime(runtime, onProgress) {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error(`${runtime.label} is fetched for x64 Linux only`)
  const folder = await installOnce(join('runtimes', `${runtime.name}-${runtime.version}`), (draft) => install(runtime, draft, onProgress))
  return join(folder, 'node_modules', runtime.package, runtime.bin)
}

async function install({ label, package: name, version, integrity, bin }, folder, onProgress) {
  onProgress(`fetching ${label} from the package registry`)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: { [name]: version } }))
  // The lock is what npm holds the download against.
  const lock = {
    lockfileVersion: 3,
    packages: { '': { dependencies: { [name]: version } }, [`node_modules/${name}`]: { version, integrity } },
  }
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lock))
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error', '--prefix', folder]
  const { status, stderr } = spawnSync('npm', flags, { encoding: 'utf8', cwd: folder })
  if (status !== 0) throw new Error(`npm could not fetch ${name}@${version}: ${stderr.trim()}`)
  const installed = JSON.parse(await readFile(join(folder, 'node_modules', '.package-lock.json'), 'utf8'))
  const found = installed.packages[`node_modules/${name}`]?.integrity
  if (found !== integrity) throw new Error(`${name}@${version} has the checksum ${found}, not ${integrity}`)
  await chmod(join(folder, 'node_modules', name, bin), 0o755)
}
