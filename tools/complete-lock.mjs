// node tools/complete-lock.mjs [folder]: after `npm install`, names in package-lock.json the optional packages of other
// platforms that the registry in use did not offer. `npm install` leaves those out, and `npm ci` then refuses the lock file
// everywhere. Prints what it added. `--check` changes nothing and exits with 1 when something is missing.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']
const processors = ['arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64']

const { values, positionals } = parseArgs({ options: { check: { type: 'boolean' } }, allowPositionals: true })
const file = join(positionals[0] ?? fileURLToPath(new URL('..', import.meta.url)), 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8'))

const missing = Object.entries(lock.packages).flatMap(([path, owner]) =>
  Object.entries(owner.optionalDependencies ?? {})
    .filter(([name]) => !isLocked(path, name))
    .map(([name, version]) => [`node_modules/${name}`, entryOf(name, version, owner)]),
)

for (const [path, entry] of missing) process.stdout.write(`${path} ${entry.version}\n`)
if (values.check) process.exit(missing.length === 0 ? 0 : 1)
if (missing.length > 0) {
  const sorted = Object.entries(lock.packages)
    .concat(missing)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`)
}

function isLocked(owner, name) {
  return `${owner}/node_modules/${name}` in lock.packages || `node_modules/${name}` in lock.packages
}

/** Only for packages whose name says their platform and whose version is exact; anything else is a lock file that is broken otherwise. */
function entryOf(name, version, owner) {
  const words = name.split('/').at(-1).split('-')
  const os = words.find((word) => systems.includes(word))
  const cpu = words.find((word) => processors.includes(word))
  if (!os || !cpu || !/^\d/.test(version))
    throw new Error(`${file} lacks ${name} ${version}, and its name does not say for which platform it is`)
  return {
    version,
    cpu: [cpu],
    ...(owner.dev ? { dev: true } : {}),
    ...(os === 'linux' ? { libc: [words.some((word) => word.startsWith('musl')) ? 'musl' : 'glibc'] } : {}),
    optional: true,
    os: [os],
  }
}
