// Everything a fresh clone lacks before a command can run: installed packages, the built library, the lab's page.
// Each step says what it does while it takes time, and costs next to nothing when there is nothing to do.
// Messages go to standard error: standard output belongs to the command.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { capture, onStop } from './child.mjs'
import { fingerprint, readStamp, writeStamp } from './fingerprint.mjs'
import { isInstalled, markInstalled } from './install.mjs'
import { acquireLock } from './lock.mjs'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..')
export const cache = join(root, '.cache')
const library = join(root, 'packages/tiercel')
const lab = join(root, 'apps/lab')

/**
 * Brings the project into a state in which the wanted steps are done.
 * @param {Step[]} wanted in the order in which they depend on each other
 * @param {{ force?: boolean }} [options] `force` does the steps even when nothing changed
 * @returns {Promise<boolean>} false when it could not, which has been said
 */
export async function setup(wanted, { force = false } = {}) {
  const steps = wanted.filter((step) => step.isPossible())
  if (!force && steps.every((step) => step.isDone())) return true
  const release = await acquireLock(join(cache, 'setup.lock'), (owner) => say(`waiting for another set-up (process ${owner})\n`))
  const forget = onStop(release)
  try {
    for (const step of steps) {
      if ((force && step.isRepeatable) || !step.isDone()) await perform(step)
    }
    return true
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    return false
  } finally {
    forget()
    release()
  }
}

/** For commands that have nothing to do when the set-up fails. */
export async function setupOrLeave(wanted, options) {
  if (!(await setup(wanted, options))) process.exit(1)
}

/** @typedef {{ title: string, isRepeatable: boolean, isPossible: () => boolean, isDone: () => boolean, perform: () => Promise<void> }} Step */

async function perform(step) {
  const startMs = performance.now()
  say(`${step.title} …`)
  try {
    await step.perform()
  } catch (error) {
    process.stderr.write(' failed\n')
    throw error
  }
  process.stderr.write(` ${seconds(performance.now() - startMs)}\n`)
}

export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`
}

function say(text) {
  process.stderr.write(`tiercel: ${text}`)
}

/** @returns {Step} */
function installStep(folder, title) {
  return {
    title,
    isRepeatable: false,
    isPossible: () => existsSync(join(folder, 'package.json')),
    isDone: () => isInstalled(folder),
    perform: async () => {
      const flags = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error']
      const npm = process.env.npm_execpath
      const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm, ...flags]] : ['npm', flags]
      await mustSucceed(command, args, {
        cwd: folder,
        shell: command === 'npm' && process.platform === 'win32',
        hint: `\`npm ci\` in ${folder} failed. It needs the package registry that npm is configured for; see the output above.`,
      })
      markInstalled(folder)
    },
  }
}

export const packages = installStep(root, 'installing packages (npm ci)')
export const benchPackages = installStep(join(root, 'bench'), 'installing the libraries to compare with (npm ci in bench)')

/** @type {Step} */
export const libraryBuild = buildStep({
  title: 'building packages/tiercel',
  folder: library,
  config: 'tsdown.config.ts',
  sources: () =>
    fingerprint(
      root,
      [
        'packages/tiercel/src',
        'packages/tiercel/package.json',
        'packages/tiercel/tsconfig.json',
        'packages/tiercel/tsdown.config.ts',
        'tsconfig.base.json',
        'node_modules/tsdown/package.json',
      ],
      (path) => !path.endsWith('.test.ts'),
    ),
  command: (outDir) => [script(library, 'tsdown', 'tsdown'), '--out-dir', outDir, '--logLevel', 'warn'],
})

/** @type {Step} */
export const pageBuild = buildStep({
  title: "building the lab's page",
  folder: lab,
  config: 'vite.config.ts',
  sources: () =>
    fingerprint(
      root,
      ['apps/lab', 'packages/workloads/src', 'packages/tiercel/dist/.tiercel-stamp', 'node_modules/vite/package.json'],
      (path) => !path.endsWith('.test.ts') && !['apps/lab/dist', 'apps/lab/node_modules', 'apps/lab/test'].includes(path),
    ),
  command: (outDir) => [script(lab, 'vite', 'vite'), 'build', '--outDir', outDir, '--emptyOutDir', '--logLevel', 'warn'],
})

/** Builds into a folder of its own and swaps it with `dist`: a failed build leaves the last one, a reader never meets half of one. */
function buildStep({ title, folder, config, sources, command }) {
  const dist = join(folder, 'dist')
  return {
    title,
    isRepeatable: true,
    isPossible: () => existsSync(join(folder, config)),
    isDone: () => readStamp(dist) === sources(),
    perform: async () => {
      const fresh = join(cache, 'build', 'fresh')
      const old = join(cache, 'build', 'old')
      rmSync(join(cache, 'build'), { recursive: true, force: true })
      mkdirSync(fresh, { recursive: true })
      // Taken before the build: a change during it makes the stamp differ, and the next command builds again.
      const stamp = sources()
      await mustSucceed(process.execPath, command(fresh), { cwd: folder, hint: `${title} failed.` })
      writeStamp(fresh, stamp)
      if (existsSync(dist)) renameSync(dist, old)
      renameSync(fresh, dist)
      rmSync(join(cache, 'build'), { recursive: true, force: true })
    },
  }
}

/** The file behind a package's command, as `folder` would find it. */
function script(folder, name, bin) {
  const manifest = createRequire(join(folder, 'package.json')).resolve(`${name}/package.json`)
  const bins = createRequire(manifest)(manifest).bin
  return join(dirname(manifest), typeof bins === 'string' ? bins : bins[bin])
}

async function mustSucceed(command, args, { hint, ...options }) {
  const { code, output } = await capture(command, args, options)
  if (code === 0) return
  throw new Error(`\n${stripVTControlCharacters(output).trim()}\n\n${hint}`)
}
