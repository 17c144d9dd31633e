import type { Collected, Failure } from './run-suite.ts'
import { type Summary, summarize } from './statistics.ts'
import type { BoundCheck, Clock, CountFigure, ExactCheck, RatioCheck, Speed, SpeedFigure, Suite } from './suite.ts'

/** The result of a run, as written by `--json`. All suites have this form. */
export interface Report {
  readonly suite: string
  readonly machine: Machine
  /** Package or server → version. */
  readonly versions: Readonly<Record<string, string>>
  readonly figures: readonly FigureReport[]
  readonly ratios: readonly Ratio[]
  readonly checks: readonly CheckReport[]
  readonly failures: readonly Failure[]
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly platform: string
  /** Runnable processes per minute, five and fifteen, before the run: more than 0 means that somebody else was working. */
  readonly loadBefore: readonly number[]
  readonly measuredAt: string
  readonly rounds: number
  readonly isQuick: boolean
}

export type FigureReport =
  | {
      readonly name: string
      readonly title: string
      readonly by: Clock
      readonly baseline: string
      readonly subjects: readonly SpeedReport[]
    }
  | { readonly name: string; readonly title: string; readonly unit: string; readonly subjects: readonly CountReport[] }

export interface SpeedReport {
  readonly subject: string
  /** User and system time of the process per operation. */
  readonly cpuUsPerOperation: Summary
  /** By the clock on the wall. */
  readonly operationsPerSecond: Summary
}

export interface CountReport {
  readonly subject: string
  readonly value: Summary
}

/** How many times as fast `subject` is as `against`: the median over rounds of the ratio within a round. */
export interface Ratio extends Summary {
  readonly figure: string
  readonly subject: string
  readonly against: string
  readonly by: Clock
}

export interface CheckReport {
  readonly name: string
  /** `null`: not measured in this run. */
  readonly value: number | null
  readonly required: number
  readonly ok: boolean
}

export function figureReports(suite: Suite, collected: Collected): FigureReport[] {
  return figuresOf(suite).flatMap((figure): FigureReport[] => {
    const subjects = collected.get(figure.name)
    if (subjects === undefined) return []
    const { name, title } = figure
    if (figure.kind === 'count') return [{ name, title, unit: figure.unit, subjects: [...subjects].map(countReport) }]
    return [{ name, title, by: figure.by, baseline: figure.baseline, subjects: [...subjects].map(speedReport) }]
  })
}

/** Of each subject to the figure's baseline, by both clocks, and those that the checks ask for. */
export function ratioReports(suite: Suite, collected: Collected): Ratio[] {
  const ratios: (Ratio | undefined)[] = []
  for (const figure of figuresOf(suite)) {
    if (figure.kind === 'count') continue
    for (const subject of collected.get(figure.name)?.keys() ?? []) {
      if (subject === figure.baseline) continue
      const pair = { subject, against: figure.baseline }
      ratios.push(ratio(collected, figure, pair, 'cpu'), ratio(collected, figure, pair, 'wall'))
    }
    for (const check of ratioChecks(suite)) {
      if (check.figure !== figure.name || check.against === figure.baseline) continue
      ratios.push(ratio(collected, figure, check, 'cpu'), ratio(collected, figure, check, 'wall'))
    }
  }
  return ratios.filter((item) => item !== undefined)
}

export function checkReports(suite: Suite, collected: Collected): CheckReport[] {
  return suite.checks.map((check) => {
    if (check.kind === 'ratio') return ratioCheck(suite, collected, check)
    return check.kind === 'exactly' ? exactCheck(collected, check) : boundCheck(collected, check)
  })
}

function ratioCheck(suite: Suite, collected: Collected, check: RatioCheck): CheckReport {
  const figure = figuresOf(suite).find(({ name }) => name === check.figure)
  const measured = figure?.kind === 'speed' ? ratio(collected, figure, check, figure.by) : undefined
  const value = measured?.median ?? null
  return { name: check.name, value, required: check.atLeast, ok: value !== null && value >= check.atLeast }
}

/** Every round must have the value: of those that have not, one is shown. */
function exactCheck(collected: Collected, check: ExactCheck): CheckReport {
  const values = counts(collected.get(check.figure)?.get(check.subject) ?? [])
  const value = values.find((measured) => measured !== check.value) ?? values[0] ?? null
  return { name: check.name, value, required: check.value, ok: value === check.value }
}

function boundCheck(collected: Collected, check: BoundCheck): CheckReport {
  const values = counts(collected.get(check.figure)?.get(check.subject) ?? [])
  const value = values.length === 0 ? null : summarize(values).median
  const isWithin = value !== null && (check.kind === 'atLeast' ? value >= check.value : value <= check.value)
  return { name: check.name, value, required: check.value, ok: isWithin }
}

function ratio(collected: Collected, figure: SpeedFigure, pair: { subject: string; against: string }, by: Clock): Ratio | undefined {
  const own = speeds(collected.get(figure.name)?.get(pair.subject) ?? [])
  const other = speeds(collected.get(figure.name)?.get(pair.against) ?? [])
  const rounds = Math.min(own.length, other.length)
  if (rounds === 0) return undefined
  const time = by === 'cpu' ? 'cpuUs' : 'wallUs'
  const ratios = Array.from({ length: rounds }, (_, round) => (other[round] as Speed)[time] / (own[round] as Speed)[time])
  return { figure: figure.name, subject: pair.subject, against: pair.against, by, ...summarize(ratios) }
}

function speedReport([subject, rounds]: [string, (Speed | number)[]]): SpeedReport {
  const measured = speeds(rounds)
  return {
    subject,
    cpuUsPerOperation: summarize(measured.map(({ cpuUs }) => cpuUs)),
    operationsPerSecond: summarize(measured.map(({ wallUs }) => 1_000_000 / wallUs)),
  }
}

function countReport([subject, rounds]: [string, (Speed | number)[]]): CountReport {
  return { subject, value: summarize(counts(rounds)) }
}

function speeds(rounds: readonly (Speed | number)[]): Speed[] {
  return rounds.filter((round) => typeof round !== 'number')
}

function counts(rounds: readonly (Speed | number)[]): number[] {
  return rounds.filter((round) => typeof round === 'number')
}

function figuresOf(suite: Suite): readonly (SpeedFigure | CountFigure)[] {
  return suite.trials.flatMap((trial) => trial.figures)
}

function ratioChecks(suite: Suite): RatioCheck[] {
  return suite.checks.filter((check) => check.kind === 'ratio')
}
