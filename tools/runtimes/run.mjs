// Runs the suite in each runtime, one after the other, on one server, and prints what came out. Started by tools/test-runtimes.mjs.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startStandalone } from '../../packages/test-servers/src/index.ts'
import { runtimes } from './catalogue.mjs'
import { fetchRuntime } from './fetch.mjs'
import { page, table } from './table.mjs'

const suite = fileURLToPath(new URL('suite.mjs', import.meta.url))
const docs = new URL('../../docs/runtimes.md', import.meta.url)
const limitMs = 900_000
const help = `npm run test:runtimes -- [runtime …] [--json] [--write]

Runs the core of the tests, on the built package, in: ${runtimes.map(({ name }) => name).join(', ')}. Default: all of them.
Missing ones are fetched from the package registry into the cache folder (about 800 MB for all), with fixed checksums.

  --json    prints the results as JSON
  --write   writes docs/runtimes.md; takes all runtimes
  --help    prints this

Leaves with 1 when a case failed, or a client package did not load where docs/runtimes.md says that it does.
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean' }, write: { type: 'boolean' }, help: { type: 'boolean' } },
})
const unknown = positionals.filter((name) => !runtimes.some((runtime) => runtime.name === name))

if (values.help) process.stdout.write(help)
else if (unknown.length > 0) refuse(`There is no runtime ${unknown.join(', ')}.`)
else if (values.write && positionals.length > 0) refuse('--write takes all runtimes.')
else process.exitCode = await runAll(runtimes.filter(({ name }) => positionals.length === 0 || positionals.includes(name)))

function refuse(text) {
  process.stderr.write(`${text}\n\n${help}`)
  process.exitCode = 2
}

async function runAll(chosen) {
  const server = await startStandalone({ server: 'valkey-9.1', config: { maxmemory: '1gb', 'maxmemory-policy': 'allkeys-lfu' } })
  const results = []
  try {
    for (const runtime of chosen) {
      const program = await fetchRuntime(runtime, say)
      say(`running in ${runtime.label}`)
      results.push(await runIn(runtime, program, server.url, results))
    }
  } finally {
    await server.stop()
  }
  const text = page(results, server.version)
  if (values.write) writeFileSync(docs, text)
  process.stdout.write(values.json ? `${JSON.stringify(results, null, 2)}\n` : `${table(results)}\n`)
  for (const line of troubles(results)) say(line)
  return results.every(isFine) ? 0 : 1
}

/** @returns {Promise<{ name: string, label: string, seconds: number, groups: object[], error?: string }>} */
function runIn({ name, label, version, args }, program, url, before) {
  const startMs = performance.now()
  const env = { ...process.env, VALKEY_URL: url, TIERCEL_RUNTIME: name, TIERCEL_EARLIER: before.map((each) => each.name).join(' ') }
  const child = spawn(program, [...args, suite], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
  const output = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr']) child[stream].setEncoding('utf8').on('data', (text) => (output[stream] += text))
  return new Promise((resolve) => {
    child.on('error', (error) => (output.stderr += error.message))
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      const lines = output.stdout
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line))
      const groups = lines.filter(({ group }) => group !== undefined)
      const runs = lines.find((line) => line.runs !== undefined)?.runs
      const seconds = Math.round((performance.now() - startMs) / 1_000)
      const error =
        code === 0 && runs === version
          ? undefined
          : `version ${runs}, ended with ${code ?? signal}: ${output.stderr.trim().split('\n').slice(-5).join(' ')}`
      resolve({ name, label, seconds, groups, ...(error && { error }) })
    })
  })
}

/** A client package that does not load is told by the page; one that did before is a failure. */
function isFine({ name, groups, error }) {
  const known = existsSync(docs) ? readFileSync(docs, 'utf8') : ''
  return (
    error === undefined &&
    groups.every(
      ({ group, failures = [], unusable }) => failures.length === 0 && (unusable === undefined || known.includes(`${name}, ${group}: `)),
    )
  )
}

function troubles(results) {
  return results.flatMap(({ label, groups, error }) => [
    ...(error === undefined ? [] : [`${label}: ${error}`]),
    ...groups.flatMap(({ group, failures = [], unusable }) => [
      ...(unusable === undefined ? [] : [`${label}, ${group}: ${unusable}`]),
      ...failures.map((failure) => `${label}, ${group}: ${failure.name}: ${failure.error}`),
    ]),
  ])
}

function say(text) {
  process.stderr.write(`tiercel: ${text}\n`)
}
