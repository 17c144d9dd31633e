import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const folder = process.env['TIERCEL_TRACES']

/** Why traces cannot be replayed here, or nothing when they can. */
export const whyNoTraces: string | undefined =
  folder === undefined
    ? 'TIERCEL_TRACES names no folder of traces (NAME.txt.gz, one key a line)'
    : existsSync(folder)
      ? undefined
      : `TIERCEL_TRACES: there is no ${folder}`

const loaded = new Map<string, string[]>()

/** The keys of a trace in the order of its requests. Read once. */
export function trace(name: string): string[] {
  const known = loaded.get(name)
  if (known !== undefined) return known
  // One string per key, as a program would have: a new one per request would be hashed anew each time.
  const names = new Map<string, string>()
  const lines = gunzipSync(readFileSync(join(folder as string, `${name}.txt.gz`)))
    .toString('latin1')
    .trimEnd()
    .split('\n')
  const keys = lines.map((line) => {
    const first = names.get(line)
    if (first === undefined) names.set(line, line)
    return first ?? line
  })
  loaded.set(name, keys)
  return keys
}
