import { parseArgs } from 'node:util'

/** What was asked for on the command line. */
export interface Arguments {
  readonly suite: string | undefined
  readonly jsonFile: string | undefined
  readonly isChecking: boolean
  readonly isQuick: boolean
  readonly rounds: number
  /** Names of subjects, trials or figures; none: everything. */
  readonly only: readonly string[]
  readonly isListing: boolean
  readonly isHelp: boolean
}

export const USAGE = `npm run bench -- SUITE [options]      measure
npm run bench -- --list               suites, their trials, figures and subjects

  --json FILE    write the result to FILE as well
  --check        exit with 1 when a check falls short
  --rounds N     rounds, 1 to 99 (default 5; 1 with --quick)
  --only A,B     only these subjects, trials or figures; a check that needs another one counts as not measured
  --quick        one short round: that everything runs, not how fast
  --help         this text

For suites that need one, a Valkey is started; VALKEY_URL names another one to use. TIERCEL_TRACES names the folder of real traces.
`

/** A command line that asks for something that is not there. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export function parseArguments(words: readonly string[]): Arguments {
  const { values, positionals } = parse(words)
  if (positionals.length > 1) throw new UsageError(`one suite at a time, got ${positionals.join(' ')}`)
  const isQuick = values.quick ?? false
  return {
    suite: positionals[0],
    jsonFile: values.json,
    isChecking: values.check ?? false,
    isQuick,
    rounds: parseRounds(values.rounds ?? (isQuick ? '1' : '5')),
    only: (values.only ?? []).flatMap((names) => names.split(',')).map((name) => name.trim()),
    isListing: values.list ?? false,
    isHelp: values.help ?? false,
  }
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        json: { type: 'string' },
        check: { type: 'boolean' },
        rounds: { type: 'string' },
        only: { type: 'string', multiple: true },
        quick: { type: 'boolean' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
}

function parseRounds(text: string): number {
  const rounds = Number(text)
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 99) throw new UsageError(`--rounds ${text}: allowed is 1 to 99`)
  return rounds
}
