import { checkOptionNames, oneOf } from '../../kernel/options.ts'
import { show } from '../../kernel/show.ts'
import { checkAnswerRule, type PlainAnswerRule } from './answer-rule.ts'
import { type Condition, checkCondition } from './condition.ts'
import { amount, checkPlain, wholeFrom } from './fault-checks.ts'
import { directions, filterOf, type PlainLinks } from './link-filter.ts'
import type { Direction } from './proxy-link.ts'

/** Faults with their moments, as plain data: it can be kept as JSON beside the test, and played again. */
export interface FaultScript {
  /** Of what is random from its start on. Default: the proxy's. */
  readonly seed?: number | string
  /** In whatever order; of those with one moment, the first is taken first. */
  readonly steps: readonly FaultStep[]
}

export type FaultStep = StepMoment & FaultAction

/** ms from the start of the script, or after so many commands of all connections together, from 0: they have been dealt with, the next has not. */
export type StepMoment = { readonly atMs: number } | { readonly afterCommands: number }

export type FaultAction =
  | { readonly impose: Condition; readonly direction?: Direction; readonly links?: PlainLinks; readonly name?: string }
  | { readonly answer: PlainAnswerRule; readonly links?: PlainLinks; readonly name?: string }
  /** What a step of this name has imposed or answers. */
  | { readonly lift: string }
  | { readonly kill: 'reset' | 'end'; readonly links?: PlainLinks }
  | { readonly halfClose: Direction; readonly links?: PlainLinks }
  | { readonly refuse: true }
  | { readonly heal: true }

const allowedBeside: Readonly<Record<string, readonly string[]>> = {
  impose: ['direction', 'links', 'name'],
  answer: ['links', 'name'],
  lift: [],
  kill: ['links'],
  halfClose: ['links'],
  refuse: [],
  heal: [],
}
const verbs = Object.keys(allowedBeside)

/**
 * @throws {TIERCEL_INVALID_OPTION} a step without one moment and one action, or with a value out of range, or that lifts what no step is named
 * @throws {TIERCEL_UNKNOWN_OPTION} a misspelt name
 */
export function checkScript(script: FaultScript): FaultScript {
  checkOptionNames(script, ['seed', 'steps'], 'play')
  checkPlain(Array.isArray(script.steps), `steps: ${show(script.steps)} is not a list.`)
  checkSeed(script.seed)
  const given = new Set(script.steps.map((step) => ('name' in Object(step) ? (step as { readonly name?: string }).name : undefined)))
  script.steps.forEach((step, at) => checkStep(step, `step ${at + 1}`, given))
  return script
}

/** @throws {TIERCEL_INVALID_OPTION} neither left out, nor a number, nor a text */
export function checkSeed(seed: number | string | undefined): void {
  const isSeed = seed === undefined || typeof seed === 'string' || Number.isFinite(seed)
  checkPlain(isSeed, `seed: ${show(seed)} is not allowed. Allowed: a number or a text.`)
}

function checkStep(step: FaultStep, where: string, names: ReadonlySet<string | undefined>): void {
  checkPlain(typeof step === 'object' && step !== null, `${where}: ${show(step)} is no step.`)
  const [verb = '', ...more] = verbs.filter((known) => known in step)
  checkPlain(verb !== '' && more.length === 0, `${where} must do one thing of ${verbs.join(', ')}.`)
  checkOptionNames(step, ['atMs', 'afterCommands', verb, ...(allowedBeside[verb] as readonly string[])], where)
  checkMoment(step, where)
  if ('links' in step) filterOf(step.links)
  if ('name' in step) checkPlain(typeof step.name === 'string' && step.name !== '', `${where}: its name must be a text.`)
  checkAction(step, where, names)
}

function checkMoment(step: FaultStep, where: string): void {
  checkPlain('atMs' in step !== 'afterCommands' in step, `${where} needs a moment: either atMs or afterCommands.`)
  if ('afterCommands' in step) {
    wholeFrom(0, step.afterCommands, `${where}: afterCommands`)
    return
  }
  checkPlain(step.atMs !== undefined, `${where} needs a moment: either atMs or afterCommands.`)
  amount(step.atMs, `${where}: atMs`)
}

function checkAction(step: FaultAction, where: string, names: ReadonlySet<string | undefined>): void {
  if ('impose' in step) {
    checkCondition(step.impose, where)
    if (step.direction !== undefined) oneOf(step.direction, directions, `${where}: direction`)
  } else if ('answer' in step) checkAnswerRule(step.answer, { isPlain: true })
  else if ('lift' in step)
    checkPlain(step.lift !== undefined && names.has(step.lift), `${where} lifts ${show(step.lift)}, and no step has that name.`)
  else if ('kill' in step) oneOf(step.kill, ['reset', 'end'], `${where}: kill`)
  else if ('halfClose' in step) oneOf(step.halfClose, directions, `${where}: halfClose`)
  else checkPlain(('refuse' in step ? step.refuse : step.heal) === true, `${where}: what is done without a value is written with \`true\`.`)
}
