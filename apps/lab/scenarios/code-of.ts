import { readFileSync } from 'node:fs'

/** The text of a module that runs, to be shown as it is but for its imports. */
export function codeOf(module: URL): string {
  return readFileSync(module, 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('import '))
    .join('\n')
    .trim()
}
