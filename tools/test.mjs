// npm test: proves the project. Sets up what is missing, gets the servers and the browser, checks types, lint and format, and
// runs every test. The last line says how it went. `npm test -- <filter>` hands the filter to vitest.
// `--size ci` (npm run test:faults) and `--size release` (npm run test:release) run the tests that have sizes, at that size, and nothing else; a release is also tried in all runtimes.
import './node-version.mjs'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { check } from './check.mjs'
import { runAttached, typescriptArgs } from './child.mjs'
import { cache, libraryBuild, packages, pageBuild, root, seconds, setup } from './setup.mjs'

const given = process.argv.slice(2)
const size = given[0] === '--size' ? given[1] : undefined
const args = size === undefined ? given : [...sizedTests(), ...given.slice(2)]
const isCi = !['', '0', 'false', undefined].includes(process.env.CI)
const reportFile = join(cache, 'test-report.json')

/** @type {{ title: string, durationMs: number, isOk: boolean }[]} */
const steps = []

await step('set-up', async () => ((await setup([packages, libraryBuild, pageBuild])) ? 0 : 1))
if (steps[0].isOk) await prove()
process.exitCode = summarize(readReport())

async function prove() {
  mkdirSync(cache, { recursive: true })
  rmSync(reportFile, { force: true })
  await step('servers', () => node(typescriptArgs(join(root, 'packages/test-servers/src/prepare.ts'), ['--browser'])))
  if (size === undefined) steps.push(...(await check()))
  if (size === 'release') await step('runtimes', () => node([join(root, 'tools/test-runtimes.mjs')]))
  const reporter = join(root, 'tools/test-reporter.mjs')
  await step('tests', () =>
    node([join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=default', `--reporter=${reporter}`, ...args]),
  )
}

async function step(title, run) {
  const startMs = performance.now()
  const code = await run()
  steps.push({ title, durationMs: performance.now() - startMs, isOk: code === 0 })
}

function node(nodeArgs) {
  return runAttached(process.execPath, nodeArgs, {
    cwd: root,
    env: { ...process.env, TIERCEL_TEST_REPORT: reportFile, ...(size && { TIERCEL_TEST_SIZE: size }) },
  })
}

/** Those that ask how far they should go, themselves or in the suite that they are made of. */
function sizedTests() {
  const isOurs = (path) => path.endsWith('.test.ts') && !/(^|[\\/])(node_modules|dist)[\\/]/.test(path)
  const files = ['packages', 'apps'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((path) => join(folder, path)),
  )
  return files.filter((path) => isOurs(path) && isSized(join(root, path)))
}

function isSized(file) {
  const text = readFileSync(file, 'utf8')
  if (/from '[^']+\/test-size\.ts'/.test(text)) return true
  return Array.from(text.matchAll(/from '(\.\/[^']+\.suite\.ts)'/g)).some(([, suite]) => isSized(join(dirname(file), suite)))
}

/** No report: it did not come to that, or vitest itself fell over. */
function readReport() {
  if (steps.at(-1).title !== 'tests' || !existsSync(reportFile)) return { passed: 0, failed: 0, skipped: [] }
  const report = JSON.parse(readFileSync(reportFile, 'utf8'))
  // What a name filter leaves out is not a skip.
  const isNarrowed = args.some((arg) => arg.startsWith('-t') || arg.startsWith('--testNamePattern'))
  return isNarrowed ? { ...report, skipped: report.skipped.filter((skip) => skip.reason !== null) } : report
}

function summarize({ passed, failed, skipped }) {
  // Data that a test names as too large to carry may be missing; nothing else may.
  const forbidden = skipped.filter(({ reason }) => !reason?.startsWith('data:'))
  const lines = [
    '',
    ...steps.map(({ title, durationMs, isOk }) => `${title.padEnd(8)} ${seconds(durationMs).padStart(8)}${isOk ? '' : '  failed'}`),
  ]
  if (skipped.length > 0) {
    lines.push('', isCi && forbidden.length > 0 ? 'skipped, which CI does not allow:' : 'skipped:')
    for (const { test, reason } of skipped) lines.push(`  ${test}: ${reason ?? 'no reason given'}`)
  }
  // A step that failed without a failed test still is a failure: the last line must not look well.
  const failedSteps = steps.filter(({ title, isOk }) => !isOk && (title !== 'tests' || failed === 0)).length
  const allFailed = failed + failedSteps
  lines.push('', `tests: ${passed} passed, ${allFailed} failed, ${skipped.length} skipped`, '')
  process.stdout.write(lines.join('\n'))
  return allFailed > 0 || (isCi && forbidden.length > 0) ? 1 : 0
}
