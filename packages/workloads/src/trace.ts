import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

const root = projectRoot(dirname(fileURLToPath(import.meta.url)))
const folders = [process.env['TIERCEL_TRACES'], join(root, 'packages/workloads/traces'), join(root, '../shared/traces')]

/** Why a trace cannot be replayed here, or nothing when it can. */
export function whyNoTrace(name: string): string | undefined {
  if (fileOf(name) !== undefined) return undefined
  return `data: the trace ${name} is not carried; name a folder with ${name}.txt.gz in TIERCEL_TRACES`
}

const loaded = new Map<string, string[]>()

/** The keys of a trace in the order of its requests. Read once. */
export function trace(name: string): string[] {
  const known = loaded.get(name)
  if (known !== undefined) return known
  const file = fileOf(name)
  if (file === undefined) throw new Error(whyNoTrace(name))
  // One string per key, as a program would have: a new one per request would be hashed anew each time.
  const names = new Map<string, string>()
  const lines = gunzipSync(readFileSync(file)).toString('latin1').trimEnd().split('\n')
  const keys = lines.map((line) => {
    const first = names.get(line)
    if (first === undefined) names.set(line, line)
    return first ?? line
  })
  loaded.set(name, keys)
  return keys
}

function fileOf(name: string): string | undefined {
  return folders.flatMap((folder) => (folder ? [join(folder, `${name}.txt.gz`)] : [])).find((file) => existsSync(file))
}

/** Also from a bundle of this file. */
function projectRoot(from: string): string {
  return existsSync(join(from, 'packages/workloads')) || dirname(from) === from ? from : projectRoot(dirname(from))
}
