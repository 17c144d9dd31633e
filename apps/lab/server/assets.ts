import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { gzipSync } from 'node:zlib'

export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>
  readonly gzipped: Uint8Array<ArrayBuffer> | undefined
  readonly type: string
  /** Its name changes with its content. */
  readonly isHashed: boolean
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}

/**
 * The built page, read once: what is asked for is looked up in this list and nowhere else, so no path can lead out of the folder.
 * Files of other kinds are left out.
 */
export function readAssets(folder: string): ReadonlyMap<string, Asset> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    files.flatMap((file) => {
      const path = join(file.parentPath, file.name)
      const type = types[extname(file.name)]
      if (type === undefined) return []
      const body = new Uint8Array(readFileSync(path))
      const gzipped = type.startsWith('font/') ? undefined : new Uint8Array(gzipSync(body, { level: 9 }))
      const name = `/${relative(folder, path).split(sep).join('/')}`
      return [[name, { body, gzipped, type, isHashed: name.startsWith('/assets/') }] as const]
    }),
  )
}
