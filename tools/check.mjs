// npm run check: everything that is proved without running it: types, lint, format.
import './node-version.mjs'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { capture } from './child.mjs'
import { cache, libraryBuild, packages, root, seconds, setupOrLeave } from './setup.mjs'

/** @typedef {{ title: string, durationMs: number, isOk: boolean }} Outcome */

/** @returns {Promise<Outcome[]>} */
export async function check() {
  const modules = join(root, 'node_modules')
  return [
    await timed('types', checkTypes),
    await timed('lint', () => node([join(modules, 'oxlint/bin/oxlint'), '--deny-warnings'])),
    await timed('format', () => node([join(modules, '@biomejs/biome/bin/biome'), 'format', '.'])),
  ]
}

async function timed(title, run) {
  const startMs = performance.now()
  process.stdout.write(`${title} …`)
  const { code, output } = await run()
  const durationMs = performance.now() - startMs
  process.stdout.write(code === 0 ? ` ${seconds(durationMs)}\n` : ` failed\n\n${output.trimEnd()}\n\n`)
  return { title, durationMs, isOk: code === 0 }
}

/** Each configuration is one program, as many at a time as there are processors; a second run only looks at what changed. */
async function checkTypes() {
  const info = join(cache, 'types')
  mkdirSync(info, { recursive: true })
  const configs = typeConfigs()
  let output = ''
  const checkNext = async () => {
    const config = configs.shift()
    if (config === undefined) return
    const name = relative(root, config)
    const infoFile = join(info, `${name.replaceAll(/[\\/]/g, '-')}.tsbuildinfo`)
    const args = [
      join(root, 'node_modules/typescript/bin/tsc'),
      '-p',
      config,
      '--incremental',
      '--tsBuildInfoFile',
      infoFile,
      '--pretty',
      'false',
    ]
    const result = await node(args)
    if (result.code !== 0) output += `${name}\n${result.output}`
    return checkNext()
  }
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, checkNext))
  return { code: output === '' ? 0 : 1, output }
}

/** Every `tsconfig*.json` of a workspace, and bench's when the libraries that it compares are installed. */
function typeConfigs() {
  const folders = ['packages', 'apps'].flatMap((family) => readdirSync(join(root, family)).map((name) => join(root, family, name)))
  if (existsSync(join(root, 'bench/node_modules'))) folders.push(join(root, 'bench'))
  return folders
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .flatMap((folder) =>
      readdirSync(folder)
        .filter(isTypeConfig)
        .map((name) => join(folder, name)),
    )
}

function isTypeConfig(name) {
  return /^tsconfig(\..+)?\.json$/.test(name)
}

function node(args) {
  return capture(process.execPath, args, { cwd: root })
}

if (import.meta.url === pathToFileURL(resolve(process.argv[1])).href) {
  await setupOrLeave([packages, libraryBuild])
  const outcomes = await check()
  process.exitCode = outcomes.every((outcome) => outcome.isOk) ? 0 : 1
}
