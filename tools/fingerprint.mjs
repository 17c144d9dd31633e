// Fingerprints of what a step was made from, kept beside what it made: equal means that there is nothing to do.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

export const stampName = '.tiercel-stamp'

/**
 * One hash over the names and contents of files and folders. What is missing counts as missing.
 * @param {string} root names are taken relative to it
 * @param {string[]} paths
 * @param {(path: string) => boolean} [isWanted] asked for each file and folder, with its path relative to `root`
 */
export function fingerprint(root, paths, isWanted = () => true) {
  const hash = createHash('sha256')
  for (const path of paths) {
    for (const file of filesIn(root, join(root, path), isWanted)) {
      hash.update(relative(root, file).split(sep).join('/')).update('\0').update(readFileSync(file)).update('\0')
    }
  }
  return hash.digest('hex')
}

export function readStamp(folder) {
  const file = join(folder, stampName)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

export function writeStamp(folder, stamp) {
  writeFileSync(join(folder, stampName), stamp)
}

function filesIn(root, path, isWanted) {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat || !isWanted(relative(root, path).split(sep).join('/'))) return []
  if (!stat.isDirectory()) return [path]
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesIn(root, join(path, name), isWanted))
}
