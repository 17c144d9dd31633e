/** `npm run bench`: runs a suite, prints it, and says whether it shows what it must. */
import { writeFile } from 'node:fs/promises'
import { type Arguments, parseArguments, USAGE, UsageError } from './runner/arguments.ts'
import { compileWorker, suiteNames } from './runner/compile.ts'
import { describeMachine, installedVersions } from './runner/machine.ts'
import { checkReports, figureReports, type Report, ratioReports } from './runner/report.ts'
import { runSuite } from './runner/run-suite.ts'
import { select } from './runner/select.ts'
import { noServer, startServer } from './runner/server.ts'
import type { Suite } from './runner/suite.ts'
import { renderReport } from './runner/table.ts'

const interrupt = new AbortController()
process.once('SIGINT', () => interrupt.abort(new Error('interrupted')))
process.once('SIGTERM', () => interrupt.abort(new Error('interrupted')))

try {
  process.exitCode = await main(parseArguments(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof UsageError) && !interrupt.signal.aborted) throw error
  process.stderr.write(`${(error as Error).message}\n${error instanceof UsageError ? `\n${USAGE}` : ''}`)
  process.exitCode = error instanceof UsageError ? 2 : 130
}

async function main(args: Arguments): Promise<number> {
  if (args.isHelp) return print(USAGE)
  if (args.isListing) return print(await renderList())
  if (args.suite === undefined) throw new UsageError('which suite?')
  const report = await measure(select(await loadSuite(args.suite), args.only), args)
  print(`${renderReport(report)}\n`)
  if (args.jsonFile !== undefined) await writeFile(args.jsonFile, `${JSON.stringify(report, null, 2)}\n`)
  if (report.failures.length > 0) return 1
  return args.isChecking && report.checks.some((check) => !check.ok) ? 1 : 0
}

async function measure(suite: Suite, { rounds, isQuick }: Arguments): Promise<Report> {
  if (suite.whyNot !== undefined) throw new UsageError(`suite ${suite.name} cannot run: ${suite.whyNot}`)
  const machine = describeMachine({ rounds, isQuick })
  const worker = await compileWorker()
  const onProgress = (line: string): void => void process.stderr.write(`${line}\n`)
  const server = suite.needsServer ? await startServer(onProgress) : noServer
  try {
    const { collected, failures } = await runSuite(suite, {
      worker,
      rounds,
      effort: isQuick ? 0.2 : 1,
      url: server.url,
      serverCounters: () => server.counters(),
      signal: interrupt.signal,
      onProgress,
    })
    return {
      suite: suite.name,
      machine,
      versions: { ...(await installedVersions()), ...server.versions },
      figures: figureReports(suite, collected),
      ratios: ratioReports(suite, collected),
      checks: checkReports(suite, collected),
      failures,
    }
  } finally {
    await server.stop()
  }
}

async function loadSuite(name: string): Promise<Suite> {
  const names = await suiteNames()
  if (!names.includes(name)) throw new UsageError(`no suite ${name}; there is ${names.join(', ')}`)
  const { suite } = (await import(new URL(`suites/${name}.ts`, import.meta.url).href)) as { suite: Suite }
  return suite
}

async function renderList(): Promise<string> {
  const suites = await Promise.all((await suiteNames()).map(loadSuite))
  const lines = suites.flatMap((suite) => [
    `${suite.name}: ${suite.summary}`,
    ...suite.trials.flatMap((trial) => [
      `  ${trial.name}`,
      ...trial.figures.map((figure) => `    ${figure.name}: ${figure.title}`),
      `    subjects: ${trial.subjects.join(', ')}`,
    ]),
  ])
  return `${lines.join('\n')}\n`
}

function print(text: string): 0 {
  process.stdout.write(text)
  return 0
}
