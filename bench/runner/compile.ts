import { readdir, readFile, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const bench = new URL('../', import.meta.url)
const output = new URL('.cache/build/', bench)

/**
 * Compiles worker and suites to plain JavaScript beside `node_modules`, once per run, and returns the worker's file.
 *
 * The measured processes run this instead of a TypeScript loader: a loader's hooks take a thread, whose CPU time would be counted,
 * and its `keepNames` puts a call into every named closure on the hot path. Packages stay outside: they run as published.
 */
export async function compileWorker(): Promise<URL> {
  await rm(output, { recursive: true, force: true })
  await build({
    absWorkingDir: fileURLToPath(bench),
    entryPoints: ['runner/worker.ts', ...(await suiteNames()).map((name) => `suites/${name}.ts`)],
    outdir: fileURLToPath(output),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: await publishedPackages(),
    outExtension: { '.js': '.mjs' },
    logLevel: 'warning',
  })
  return new URL('runner/worker.mjs', output)
}

export async function suiteNames(): Promise<string[]> {
  const files = await readdir(new URL('suites/', bench))
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -3))
    .sort()
}

/** All dependencies but the private workspaces, which are TypeScript. */
async function publishedPackages(): Promise<string[]> {
  const { dependencies } = JSON.parse(await readFile(new URL('package.json', bench), 'utf8')) as { dependencies: Record<string, string> }
  return Object.keys(dependencies).filter((name) => !name.startsWith('@tiercel/'))
}
