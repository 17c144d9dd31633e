import { findScenario, scenarios } from '../scenarios/index.ts'
import { ParameterError, parseSettings, type Settings } from '../scenarios/parameters.ts'
import type { Scenario } from '../scenarios/scenario.ts'

/** The command line makes no sense: message for the reader, exit code 2. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

export type LabCommand =
  | { readonly name: 'help'; readonly scenario?: Scenario }
  | { readonly name: 'list' }
  | {
      readonly name: 'run'
      readonly scenario: Scenario
      readonly settings: Settings
      readonly asJson: boolean
      readonly saveTo?: string
      readonly scale?: number
    }

/** @throws {CommandError} unknown command, scenario, parameter; a value that is missing or not allowed */
export function parseCommand(args: readonly string[]): LabCommand {
  const [name = 'help', ...rest] = args
  const wantsHelp = args.some((arg) => arg === '--help' || arg === '-h')
  if (name === 'run' && rest[0] !== undefined && !rest[0].startsWith('-')) {
    const scenario = scenarioOf(rest[0])
    return wantsHelp ? { name: 'help', scenario } : runCommand(scenario, rest.slice(1))
  }
  if (wantsHelp || name === 'help') return { name: 'help' }
  if (name === 'list') {
    if (rest[0] !== undefined) throw new CommandError(`list takes no arguments; got "${rest[0]}".`)
    return { name: 'list' }
  }
  if (name === 'run') throw new CommandError(`run: which scenario? There are: ${scenarioIds()}.`)
  throw new CommandError(`There is no command "${name}"; there are list and run.`)
}

function scenarioOf(id: string): Scenario {
  const scenario = findScenario(id)
  if (scenario === undefined) throw new CommandError(`There is no scenario "${id}". There are: ${scenarioIds()}.`)
  return scenario
}

function scenarioIds(): string {
  return scenarios.map(({ id }) => id).join(', ')
}

function runCommand(scenario: Scenario, args: readonly string[]): LabCommand {
  const { flags, texts } = readOptions(args)
  const { save, scale, ...settings } = texts
  try {
    return {
      name: 'run',
      scenario,
      settings: parseSettings(scenario.parameters, settings),
      asJson: flags.has('json'),
      ...(save === undefined ? {} : { saveTo: save }),
      ...(scale === undefined ? {} : { scale: scaleOf(scale) }),
    }
  } catch (error) {
    if (error instanceof ParameterError) throw new CommandError(error.problems.map((problem) => `--${problem}`).join('\nlab: '))
    throw error
  }
}

function scaleOf(text: string): number {
  const scale = Number(text)
  if (text.trim() === '' || !(scale >= 0.001 && scale <= 100))
    throw new CommandError(`--scale: got "${text}", allowed is a number from 0.001 to 100.`)
  return scale
}

/** `--name value` and `--name=value`; `--json` stands alone. */
function readOptions(args: readonly string[]): { flags: Set<string>; texts: Record<string, string> } {
  const flags = new Set<string>()
  const texts: Record<string, string> = Object.create(null)
  for (let at = 0; at < args.length; at++) {
    const [option = '', inline] = splitOnce(args[at] as string)
    if (!option.startsWith('--')) throw new CommandError(`Options begin with --; got "${option}".`)
    const name = option.slice(2)
    if (name === 'json' && inline === undefined) {
      flags.add(name)
      continue
    }
    const value = inline ?? args[++at]
    if (value === undefined) throw new CommandError(`${option} needs a value.`)
    if (name in texts) throw new CommandError(`${option} is given twice.`)
    texts[name] = value
  }
  return { flags, texts }
}

function splitOnce(arg: string): [string, string?] {
  const at = arg.indexOf('=')
  return at === -1 ? [arg] : [arg.slice(0, at), arg.slice(at + 1)]
}
