import { scenarios } from '../scenarios/index.ts'
import { modules } from '../scenarios/modules.ts'
import { allowed, toText } from '../scenarios/parameters.ts'
import type { Scenario } from '../scenarios/scenario.ts'

export function helpText(): string {
  return `npm run lab -- <command>: the airport lab on the terminal.

  list                          the scenarios
  run <scenario> [options]      runs one and prints what was measured
  run <scenario> --help         its parameters

  --<parameter> <value>         as in the page's address
  --seed <number>               decides every random choice (default 42)
  --scale <number>              size of the airport; 1 is about 300,000 bookings (default 1)
  --json                        the whole result on standard output, as the page saves it
  --save <file>                 writes the same to a file

  VALKEY_URL                    a Valkey or Redis to use (default: one of the lab's own)
  DATABASE_URL                  a PostgreSQL to use (default: an embedded one)

Exit codes: 0 measured, 1 something failed or a check does not hold, 2 the command makes no sense, 130 stopped.
`
}

export function listText(): string {
  const rows = modules.flatMap(({ number, title, scenarios: titles }) => [
    `${number}  ${title}`,
    ...titles.map((name) => {
      const built = scenarios.find((scenario) => scenario.title === name)
      return built === undefined ? `     ${name} (not yet scheduled)` : `     ${name}: ${built.id}`
    }),
  ])
  return `${rows.join('\n')}\n`
}

export function describeScenario({ id, title, question, parameters }: Scenario): string {
  const rows = Object.entries(parameters).map(([name, parameter]) => {
    const unit = 'unit' in parameter && parameter.unit !== undefined ? ` ${parameter.unit}` : ''
    return `  --${name.padEnd(14)}${parameter.label}: ${allowed(parameter).replace('is ', '')}${unit} (default ${toText(parameter.default)})`
  })
  return `${id}: ${title}\n${question}\n\n${rows.join('\n')}\n`
}
