// Installed packages against the lock file.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprint, readStamp, writeStamp } from './fingerprint.mjs'

/** Whether the packages of `folder` are installed as its lock file says. */
export function isInstalled(folder) {
  const modules = join(folder, 'node_modules')
  const wanted = installStamp(folder)
  const stamp = readStamp(modules)
  if (stamp === wanted) return true
  if (stamp !== undefined && platformOf(stamp) !== platformOf(wanted)) return false
  // Installed by hand, or the lock file changed: what npm noted in node_modules tells whether that matters.
  if (!matchesLock(folder)) return false
  writeStamp(modules, wanted)
  return true
}

export function markInstalled(folder) {
  writeStamp(join(folder, 'node_modules'), installStamp(folder))
}

function installStamp(folder) {
  return `${fingerprint(folder, ['package-lock.json'])} ${process.platform}-${process.arch}`
}

function platformOf(stamp) {
  return stamp.split(' ')[1]
}

function matchesLock(folder) {
  const wanted = packagesIn(join(folder, 'package-lock.json'))
  const found = packagesIn(join(folder, 'node_modules', '.package-lock.json'))
  if (!wanted || !found) return false
  return Object.entries(wanted).every(([path, want]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true
    const has = found[path]
    if (!has) return want.optional === true || want.devOptional === true
    return has.version === want.version && has.integrity === want.integrity && existsSync(join(folder, path))
  })
}

function packagesIn(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : undefined
}
