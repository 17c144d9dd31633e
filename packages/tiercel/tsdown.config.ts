import { readFileSync } from 'node:fs'
import { defineConfig } from 'tsdown'

/**
 * One entry per door. The doors are the `exports` of package.json and nothing else, so that the two cannot drift apart; what
 * several doors share goes to `dist/chunks`.
 */
const { exports: doors } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))

const entry: Record<string, string> = {}
for (const door of Object.values<string | { default: string }>(doors)) {
  if (typeof door === 'string') continue
  const name = door.default.replace(/^\.\/dist\//, '').replace(/\.mjs$/, '')
  entry[name] = `src/${name}.ts`
}

export default defineConfig({
  entry,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // Types come from isolated declarations: each file's own text, no type checker needed.
  dts: { oxc: true },
  sourcemap: false,
  clean: true,
  outputOptions: { chunkFileNames: 'chunks/[name]-[hash].mjs' },
  // A bundled dependency would be a runtime dependency that nobody sees.
  deps: { onlyBundle: [] },
  checks: { circularDependency: true },
})
