import { writeFile } from 'node:fs/promises'
import { describeScenario, helpText, listText } from './cli/help.ts'
import { CommandError, parseCommand } from './cli/parse.ts'
import { progressReporter } from './cli/progress.ts'
import { resultText } from './cli/result-text.ts'
import { runScenario } from './measure/run-scenario.ts'
import { startLab } from './server/running-lab.ts'

/** The lab without its page: the same scenarios, the same results. */
async function main(args: readonly string[]): Promise<number> {
  const command = parseCommand(args)
  switch (command.name) {
    case 'help':
      process.stdout.write(command.scenario === undefined ? helpText() : describeScenario(command.scenario))
      return 0
    case 'list':
      process.stdout.write(listText())
      return 0
    case 'run':
      return run(command)
  }
}

async function run({
  scenario,
  settings,
  asJson,
  saveTo,
  scale,
}: Extract<ReturnType<typeof parseCommand>, { name: 'run' }>): Promise<number> {
  const controller = new AbortController()
  let interrupts = 0
  const interrupt = () => {
    if (++interrupts > 1) process.exit(130)
    report.line('stopping; what was measured so far follows')
    controller.abort()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  const report = progressReporter(process.stderr)
  const lab = startLab({ ...(scale === undefined ? {} : { scale }), onChange: report.preparation })
  try {
    const ready = await lab.ready
    const { signal } = controller
    if (signal.aborted) return 130
    const result = await runScenario({ scenario, settings, lab: ready, environment: lab.facts, signal, onEvent: report.event })
    report.end()
    const json = `${JSON.stringify(result, null, 2)}\n`
    process.stdout.write(asJson ? json : resultText(result))
    if (saveTo !== undefined) {
      await writeFile(saveTo, json)
      report.line(`saved as ${saveTo}`)
    }
    if (signal.aborted) return 130
    return result.checks.every(({ ok }) => ok) ? 0 : 1
  } finally {
    report.end()
    await lab.close()
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    const isUsage = error instanceof CommandError
    process.stderr.write(`lab: ${error instanceof Error ? error.message : String(error)}\n${isUsage ? 'Try: npm run lab -- --help\n' : ''}`)
    process.exitCode = isUsage ? 2 : 1
  },
)
