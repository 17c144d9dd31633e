// Run as `node record-imports.mjs <module>`: loads the module and prints, as JSON, every bare specifier that was resolved on the way.
// Plain JavaScript, because the hooks run where nothing translates TypeScript.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { register } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'

let notes

/** The half that runs on the hooks' own thread. */
export function initialize(data) {
  notes = data
}

export function resolve(specifier, context, next) {
  if (!/^(\.|\/|file:)/.test(specifier)) appendFileSync(notes, `${specifier}\n`)
  return next(specifier, context)
}

if (isMainThread) {
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-imports-'))
  try {
    const file = join(folder, 'notes')
    writeFileSync(file, '')
    register(import.meta.url, { data: file })
    await import(pathToFileURL(process.argv[2]).href)
    const specifiers = readFileSync(file, 'utf8').split('\n').filter(Boolean)
    process.stdout.write(JSON.stringify([...new Set(specifiers)].sort()))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
