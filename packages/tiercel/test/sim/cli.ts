import { parseArgs } from 'node:util'
import { changing } from './changing.ts'
import { type Plan, planOf, type Weather, weathers } from './plan.ts'

const help = `Runs the library whole, over a simulated network and a model of the server, in as many orders of events as there are seeds.

  npm run sim -- --seeds 10000           so many worlds, from seed 0 on
  npm run sim -- --seed 4711 --trace     one world again, with all that happened in it

  --seeds N       how many; default 1000
  --from N        the first; default 0
  --seed N        this one alone
  --weather W     what goes wrong: ${weathers.join(', ')}; default: the seed says
  --trace         prints each step: when, who, what was sent, executed, answered and served
  --json          one object on standard output, for programs
  --help

Ends with code 1 when something was seen that must never be, and says how to see it again.
`

interface Found {
  readonly seed: number
  readonly weather: Weather
  readonly tier: string
  readonly violations: readonly string[]
  readonly replay: string
}

class WrongOption extends Error {}

async function main(args: readonly string[]): Promise<number> {
  const options = read(args)
  if (options.help) {
    process.stdout.write(help)
    return 0
  }
  const startedAtMs = performance.now()
  const report = progress(options.seeds, options.isAlone)
  const found: Found[] = []
  let steps = 0
  let loads = 0
  let virtualMs = 0
  for (let seed = options.from; seed < options.from + options.seeds; seed += 1) {
    const plan = planOf(seed, options.weather)
    const outcome = await changing({ ...plan, isTracing: options.trace })
    steps += outcome.steps
    loads += outcome.loads
    virtualMs += outcome.forMs
    if (options.trace && !options.json) process.stdout.write(`${outcome.trace.join('\n')}\n`)
    if (outcome.violations.length > 0) {
      const one = describe(plan, outcome.violations, options.weather)
      found.push(one)
      if (!options.json) report.line(textOf(one))
    }
    report.tick(seed - options.from + 1, found.length)
  }
  report.end()
  const tookS = (performance.now() - startedAtMs) / 1_000
  const { seeds } = options
  if (options.json)
    process.stdout.write(`${JSON.stringify({ seeds, violations: found, events: steps, loads, virtualMs, tookS }, null, 2)}\n`)
  else {
    const events = `${steps.toLocaleString('en')} events, ${(virtualMs / 3_600_000).toFixed(1)} h of their time, ${tookS.toFixed(1)} s of ours`
    process.stdout.write(`${seeds} ${seeds === 1 ? 'seed' : 'seeds'}, ${found.length} with violations; ${events}\n`)
  }
  return found.length === 0 ? 0 : 1
}

function describe({ seed, weather, tier }: Plan, violations: readonly string[], given: Weather | undefined): Found {
  const replay = `npm run sim -- --seed ${seed}${given === undefined ? '' : ` --weather '${given}'`} --trace`
  return { seed, weather, tier, violations, replay }
}

function textOf({ seed, weather, tier, violations, replay }: Found): string {
  return `seed ${seed} (${weather}, ${tier}):\n${violations.map((violation) => `  ${violation}\n`).join('')}  again: ${replay}`
}

interface Options {
  readonly help: boolean
  readonly seeds: number
  readonly from: number
  readonly isAlone: boolean
  readonly weather: Weather | undefined
  readonly trace: boolean
  readonly json: boolean
}

function read(args: readonly string[]): Options {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({
    args: [...args],
    options: { seeds: text, from: text, seed: text, weather: text, trace: flag, json: flag, help: { ...flag, short: 'h' } },
  })
  const alone = number(values.seed, 'seed')
  return {
    help: values.help,
    seeds: alone === undefined ? (number(values.seeds, 'seeds') ?? 1_000) : 1,
    from: alone ?? number(values.from, 'from') ?? 0,
    isAlone: alone !== undefined,
    weather: weatherOf(values.weather),
    trace: values.trace,
    json: values.json,
  }
}

function number(given: string | undefined, option: string): number | undefined {
  if (given === undefined || /^\d{1,15}$/.test(given)) return given === undefined ? undefined : Number(given)
  throw new WrongOption(`--${option} ${given}: a whole number from 0 is needed`)
}

function weatherOf(given: string | undefined): Weather | undefined {
  const weather = weathers.find((name) => name === given)
  if (given === undefined || weather !== undefined) return weather
  throw new WrongOption(`--weather ${given}: one of ${weathers.join(', ')} is needed`)
}

/** Now and then says on standard error how far it is. */
function progress(all: number, isAlone: boolean): { tick(done: number, found: number): void; line(text: string): void; end(): void } {
  const everyMs = process.stderr.isTTY ? 200 : 10_000
  const [before, after] = process.stderr.isTTY ? ['\r', ''] : ['', '\n']
  let saidAtMs = performance.now()
  let isOpen = false
  const clear = (): void => {
    if (isOpen && process.stderr.isTTY) process.stderr.write('\r\x1b[K')
    isOpen = false
  }
  return {
    tick(done, found) {
      if (isAlone || performance.now() - saidAtMs < everyMs) return
      saidAtMs = performance.now()
      isOpen = true
      process.stderr.write(`${before}${done} of ${all} seeds, ${found} with violations${after}`)
    },
    line(text) {
      clear()
      process.stdout.write(`${text}\n`)
    },
    end: clear,
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const isOurs = error instanceof WrongOption || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true
  process.stderr.write(`${isOurs ? (error as Error).message : (error as Error).stack}\n`)
  process.exitCode = 2
}
